#include <string>

#include "attest/own_vector.h"
#include "tee/cca/made/stage.h"

namespace ward::cca {

// Declared here and in the list of all TEEs' vectors (tee/CMakeLists.txt).
std::vector<attest::OwnVector> own_vectors();

namespace {

using made::Form;
using made::Stage;

std::string value_of(const attest::Expected& expected) {
  return to_hex(std::get<std::vector<Buffer>>(expected).front());
}

attest::OwnVector vector_of(const char* kind, const char* name, const Stage& stage,
                            const std::string& more) {
  const Buffer evidence = made::make(stage);
  std::string facts = "at " + format_rfc3339(made::kNow) + "\nreport_data " +
                      value_of(stage.expected.report_data) + "\nmeasurement " +
                      value_of(stage.expected.measurement) + "\nworkload " +
                      value_of(stage.expected.workload) + "\n" + more;
  // Heads, keys and signatures, too, and of JSON each character: every flipped bit is refused.
  if (std::string_view(kind) == "valid") {
    facts += "timeless yes\nsigned_octets " + std::to_string(evidence.size()) + "\n";
  }
  attest::OwnVector out{
      kind, name, {{"evidence", evidence}, {"case.txt", to_buffer(as_bytes(facts))}}};
  out.files.insert(out.files.end(), stage.collateral.documents.begin(),
                   stage.collateral.documents.end());
  return out;
}

template <class Change>
void add(std::vector<attest::OwnVector>& out, const char* name, const char* check, Change change) {
  Stage s = made::good_stage();
  change(s);
  out.push_back(
      vector_of("invalid", name, s, "verdict refused\nfails cca." + std::string(check) + "\n"));
}

void add_of_platform(std::vector<attest::OwnVector>& out) {
  add(out, "cca-platform-claims-malformed", "platform_token.form",
      [](Stage& s) { s.implementation_id.pop_back(); });
  add(out, "cca-platform-profile-unknown", "platform_token.profile",
      [](Stage& s) { s.platform_profile = "tag:arm.com,2024:cca_platform#2.0.0"; });
  add(out, "cca-instance-id-of-another-kind", "platform_token.instance_id",
      [](Stage& s) { s.instance_id[0] = 2; });
  add(out, "cca-decommissioned", "platform_token.lifecycle",
      [](Stage& s) { s.lifecycle = 0x6000; });
  add(out, "cca-debug", "platform.debug", [](Stage& s) { s.lifecycle = 0x4000; });
  add(out, "cca-platform-forged", "platform_token.signature",
      [](Stage& s) { s.cpak = &made::stranger(); });
}

void add_of_realm(std::vector<attest::OwnVector>& out) {
  add(out, "cca-realm-claims-malformed", "realm_token.form",
      [](Stage& s) { s.extensible.pop_back(); });
  add(out, "cca-realm-forged", "realm_token.signature", [](Stage& s) {
    s.realm_key = *token::write_cose_key(made::rak().public_key());
    s.rak = &made::stranger();
  });
  add(out, "cca-realm-of-another-platform", "realm_key.bound",
      [](Stage& s) { s.challenge = Buffer(64, 7); });
  add(out, "cca-realm-key-malformed", "realm_token.public_key",
      [](Stage& s) { s.realm_key = Buffer{0xa0}; });
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  out.push_back(vector_of("valid", "cca_profile", made::good_stage(), ""));
  out.push_back(vector_of("valid", "cca_early", made::good_stage(Form::kEarly), ""));
  out.push_back(vector_of("valid", "cca_json", made::good_stage(Form::kJson), ""));
  add_of_platform(out);
  add_of_realm(out);
  return out;
}

}  // namespace ward::cca
