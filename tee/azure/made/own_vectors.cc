#include <algorithm>

#include "attest/own_vector.h"
#include "base/time.h"
#include "tee/azure/made/cases.h"
#include "tee/azure/scheme.h"
#include "tee/azure/verify.h"
#include "tee/dcap/quote.h"

namespace ward::azure {

// own_vectors is declared where the vectors of all TEEs are collected (tee/own_vectors.h).
std::vector<attest::OwnVector> own_vectors();

namespace {

using namespace made;  // NOLINT(google-build-using-namespace): written in its words

std::string line(const std::string& fact, const std::string& value) {
  return fact + " " + value + "\n";
}

std::string expected_line(const char* fact, const attest::Expected& expected) {
  const auto* values = std::get_if<std::vector<Buffer>>(&expected);
  return values == nullptr ? "" : line(fact, to_hex(values->at(0)));
}

std::string expected_facts(const attest::Expectations& expected) {
  return expected_line("report_data", expected.report_data) +
         expected_line("measurement", expected.measurement) +
         expected_line("workload", expected.workload);
}

std::string range(std::size_t begin, std::size_t end) {
  return line("signed", std::to_string(begin) + "-" + std::to_string(end));
}

// The octets of base64 that hold whole groups of the octets from `begin` to `end` alone.
std::string base64_range(const attest::LayoutField& field, std::size_t begin, std::size_t end) {
  const std::size_t text = field.offset + 1;  // behind the quotation mark
  return range(text + (begin + 2) / 3 * 4, text + end / 3 * 4);
}

// What of the evidence nobody can change, as the layout names it. Of the TD report that the
// paravisor holds, nobody far away can check the MAC and what its quote does not repeat.
std::string signed_facts(const Evidence& e, Bytes evidence) {
  std::string out;
  for (const attest::LayoutField& field : layout_of(evidence)) {
    const std::string& name = field.name;
    const bool hcl = name == "report" || name.starts_with("hcl_report");
    if (is_tdx(e.form) && hcl) {
      out += base64_range(field, kHclHeaderSize + kHardwareReportSize, e.hcl.size());
    } else if (name == "td_quote" || name == "tdx_quote_base64") {
      const auto quote = *dcap::parse_quote(quote_of(e.td_quote), dcap::TeeType::kTdx);
      out += base64_range(field, 0, quote.signed_part().size());
    } else if (hcl || name.ends_with("message") || name.ends_with("signature")) {
      out += range(field.offset, field.offset + field.size);
    }
  }
  return out;
}

// The checks of what this face does not have: the other hardware, a log of what was measured.
std::string unasked_facts(const Face& face) {
  const bool tdx = is_tdx(face.form);
  std::vector<std::string> begins = {tdx ? "azure.snp." : "azure.tdx.", "azure.tpm.event_log.",
                                     "azure.tpm.ima_log.", tdx ? "azure.report." : "azure.tcb.",
                                     tdx ? "azure.report." : "azure.td_report."};
  const attest::SchemeInfo info = Azure().info();
  std::string out;
  for (const attest::CheckInfo& check :
       info.checks.first(info.checks.size() - info.fields.size())) {
    const std::string id = check.id;
    const bool judged = tdx && id.starts_with("azure.tcb.");
    if (!judged && std::ranges::any_of(begins, [&](const auto& b) { return id.starts_with(b); })) {
      out += line("unasked", id);
    }
  }
  return out;
}

attest::OwnVector vector_of(const char* kind, const std::string& name, const Buffer& evidence,
                            const std::string& facts, const attest::Collateral& documents) {
  attest::OwnVector out{.kind = kind, .name = name};
  out.files = {{"evidence", evidence}, {"case.txt", to_buffer(as_bytes(facts))}};
  out.files.insert(out.files.end(), documents.documents.begin(), documents.documents.end());
  return out;
}

attest::OwnVector valid(const Face& face) {
  const Stage s = good_stage(face);
  const Made made = make(s);
  const Buffer evidence = write_evidence(made.evidence);
  const std::string facts =
      line("at", format_rfc3339(kNow)) + line("valid_from", format_rfc3339(kFrom)) +
      line("valid_to", format_rfc3339(kTo)) + signed_facts(made.evidence, evidence) +
      expected_facts(s.expected) + unasked_facts(face);
  return vector_of("valid", face.name, evidence, facts, made.documents);
}

attest::OwnVector invalid(const Case& c) {
  const Staged staged = play(c);
  const std::string facts =
      line("at", format_rfc3339(kNow)) + line("verdict", c.open ? "undetermined" : "refused") +
      line(c.open ? "open" : "fails", "azure." + c.id) + expected_facts(staged.stage.expected);
  return vector_of("invalid", c.name, staged.evidence, facts, staged.documents);
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  for (const Face& face : kFaces)
    out.push_back(valid(face));
  for (const Case& c : all_cases()) {
    if (c.vector) out.push_back(invalid(c));
  }
  return out;
}

}  // namespace ward::azure
