#include <algorithm>

#include "attest/own_vector.h"
#include "base/time.h"
#include "tee/tpm/made/cases.h"

namespace ward::tpm {

// own_vectors is declared where the vectors of all TEEs are collected (tee/own_vectors.h).
std::vector<attest::OwnVector> own_vectors();

namespace {

using namespace stage;  // NOLINT(google-build-using-namespace): written in its words

std::string line(const std::string& fact, const std::string& value) {
  return fact + " " + value + "\n";
}

const Buffer& first_of(const attest::Expected& expected) {
  return std::get<std::vector<Buffer>>(expected).at(0);
}

std::string expected_facts(const attest::Expectations& expected) {
  return line("report_data", to_hex(first_of(expected.report_data))) +
         line("measurement", to_hex(first_of(expected.measurement))) +
         line("workload", to_hex(first_of(expected.workload)));
}

// The octets of `part` in the evidence.
std::string signed_range(Bytes evidence, Bytes part) {
  const auto at = std::search(evidence.begin(), evidence.end(), part.begin(), part.end());
  const auto begin = static_cast<std::size_t>(at - evidence.begin());
  return line("signed", std::to_string(begin) + "-" + std::to_string(begin + part.size()));
}

// What of the evidence nobody can change: the quote and its signature.
std::string signed_facts(const Evidence& e, Bytes octets) {
  if (e.form == Form::kOwn)
    return signed_range(octets, e.attest) + signed_range(octets, e.signature);
  return signed_range(octets, as_bytes(to_base64(e.attest, Base64::kStandard))) +
         signed_range(octets, as_bytes(to_base64(e.signature, Base64::kStandard)));
}

std::string unasked_facts(const Face& face) {
  std::vector<const char*> ids;
  if (face.form == Form::kTrustee) ids.push_back("ak.attributes");
  if (face.trust == Trust::kKey) {
    for (const char* id : {"ak_certificate.present", "ak_chain.present", "ak_chain.signature",
                           "ak_chain.names", "ak_chain.constraints", "ak_chain.not_before",
                           "ak_chain.not_after", "ak_chain.development_mark", "crl.present",
                           "crl.signature", "crl.valid", "ak_chain.revocation"})
      ids.push_back(id);
  }
  if (!face.logs) {
    for (const char* id :
         {"event_log.form", "event_log.events", "event_log.pcrs", "ima_log.form", "ima_log.pcr"})
      ids.push_back(id);
  }
  std::string out;
  for (const char* id : ids)
    out += line("unasked", std::string("tpm.") + id);
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
  const Buffer evidence = made.octets();
  std::string facts = line("at", format_rfc3339(kNow));
  if (face.trust == Trust::kChain) {
    facts += line("valid_from", format_rfc3339(kFrom)) + line("valid_to", format_rfc3339(kTo));
  } else {
    facts += line("timeless", "yes") + line("self_contained", "yes");
  }
  facts += signed_facts(made.evidence, evidence) + expected_facts(expectations_of(s)) +
           unasked_facts(face);
  return vector_of("valid", face.name, evidence, facts, made.documents);
}

attest::OwnVector invalid(const Case& c) {
  const Staged staged = play(c);
  const std::string facts =
      line("at", format_rfc3339(kNow)) + line("verdict", c.open ? "undetermined" : "refused") +
      line(c.open ? "open" : "fails", "tpm." + c.id) + expected_facts(staged.scene.expected);
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

}  // namespace ward::tpm
