#include "test/warm/whole_text.h"

#include "attest/appraisal_json.h"
#include "base/text.h"

namespace ward::test {
namespace {

std::string optional_time(const std::optional<UnixTime>& time) {
  return time ? format_rfc3339(*time) : "none";
}

std::string check_text(const attest::Check& c) {
  return std::string(c.info->id) + " " + attest::to_text(c.outcome) + " " +
         attest::to_text(c.not_done) + " found '" + c.found + "' expected '" + c.expected + "' " +
         attest::to_text(c.origin) + " '" + c.expected_from + "'\n";
}

std::string tcb_text(const attest::Tcb& tcb) {
  std::string out = "tcb " + tcb.status.value_or("none") + " " + optional_time(tcb.date) + " " +
                    (tcb.evaluation_number ? std::to_string(*tcb.evaluation_number) : "none") +
                    " advisories " + join(tcb.advisories) + " behind " + join(tcb.behind) + "\n";
  for (const attest::TcbPart& part : tcb.parts) {
    out += "part " + part.name + " " + part.status + " " + join(part.advisories) + "\n";
  }
  return out;
}

std::string name_of(const attest::CheckInfo* info) { return info == nullptr ? "none" : info->id; }

std::string facts_text(const attest::Facts& f) {
  std::string out = "checks";
  for (const attest::CheckInfo* info :
       {f.tcb_status_check, f.tcb_evaluation_check, f.debug_check, f.report_data_check,
        f.measurement_check, f.workload_check, f.development_check, f.tcb_date_check,
        f.tcb_advisories_check, f.product_check, f.chip_check}) {
    out += " " + name_of(info);
  }
  out += "\n";
  for (const attest::FieldFact& field : f.fields) {
    out += "field " + name_of(field.check) + " " + join(field.values) + "\n";
  }
  for (const attest::CheckInfo* info : f.revocation_checks) {
    out += "revocation " + name_of(info) + "\n";
  }
  for (const Buffer& chip : f.chips) {
    out += "chip " + to_hex(chip) + "\n";
  }
  const std::string debug = !f.debug ? "unknown" : (*f.debug ? "true" : "false");
  return out + "products " + join(f.products) + " matched " + std::to_string(f.tcb_matched) +
         " demanded " + std::to_string(f.tcb_demanded) + " debug " + debug + " report_data " +
         to_hex(f.report_data) + " measurement " + to_hex(f.measurement) + " workload " +
         to_hex(f.workload) + " signer " + to_hex(f.signer) + "\n";
}

}  // namespace

std::string whole_text(const attest::Appraisal& a) {
  std::string out = a.tee + " " + attest::to_text(a.verdict) + " development " +
                    std::to_string(a.development) + " genuine " + std::to_string(a.genuine) +
                    " at " + format_rfc3339(a.at) + "\n" + tcb_text(a.tcb);
  for (const attest::Claim& claim : a.claims) {
    out += "claim " + claim.name + " (" + std::to_string(claim.value.index()) + ") " +
           attest::claim_text(claim.value) + "\n";
  }
  for (const attest::Check& check : a.checks) {
    out += check_text(check);
  }
  return out + facts_text(a.facts) + "unchecked " + join(a.unchecked) + "\nnotes " +
         join(a.notes, "\n") + "\nwarnings " + join(a.warnings, "\n") + "\n";
}

}  // namespace ward::test
