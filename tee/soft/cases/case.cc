#include "tee/soft/cases/case.h"

#include "tee/soft/cases/flaws.h"

namespace ward::soft::cases {

namespace {

std::string case_text(const Case& one, std::string_view face, const Made& made,
                      const Setting& setting) {
  std::string out;
  const auto line = [&](std::string_view name, const std::string& value) {
    out += std::string(name) + " " + value + "\n";
  };
  const auto value = [](const attest::Expected& expected) {
    return to_hex(std::get<std::vector<Buffer>>(expected).front());
  };
  line("case", one.name);
  line("face", std::string(face));
  line("at", format_rfc3339(setting.at));
  if (one.verdict == attest::Verdict::kAccepted) {
    line("valid_from", format_rfc3339(setting.from()));
    line("valid_to", format_rfc3339(setting.until()));
  }
  line("signed_octets", std::to_string(made.signed_octets));
  if (made.whole_at) line("whole_at", std::to_string(*made.whole_at));
  line("report_data", value(made.expected.report_data));
  line("measurement", value(made.expected.measurement));
  line("workload", value(made.expected.workload));
  line("verdict", attest::to_text(one.verdict));
  for (const std::string& id : one.fails) {
    line("fails", id);
  }
  for (const std::string& id : one.open) {
    line("open", id);
  }
  if (!one.tcb_status.empty()) line("tcb_status", one.tcb_status);
  return out;
}

}  // namespace

std::vector<Case> all_cases() {
  std::vector<Case> out;
  add_dcap_cases(out);
  add_snp_cases(out);
  return out;
}

std::vector<CaseFile> files_of(const Case& one, std::string_view face, const Made& made,
                               const Setting& setting) {
  std::vector<CaseFile> out = {
      {"case.txt", to_buffer(as_bytes(case_text(one, face, made, setting)))},
      {"evidence", made.evidence}};
  for (const attest::Document& d : made.documents.documents) {
    if (d.name == "root_ca.pem") out.push_back({"root.pem", d.bytes});
    out.push_back({"collateral/" + d.name, d.bytes});
  }
  return out;
}

}  // namespace ward::soft::cases
