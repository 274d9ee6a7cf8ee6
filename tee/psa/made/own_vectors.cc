#include <string>

#include "attest/own_vector.h"
#include "tee/psa/made/stage.h"

namespace ward::psa {

// Declared here and in the list of all TEEs' vectors (tee/CMakeLists.txt).
std::vector<attest::OwnVector> own_vectors();

namespace {

using made::Stage;

attest::OwnVector vector_of(const char* kind, const char* name, const Stage& stage,
                            const std::string& more) {
  const Buffer evidence = made::make(stage);
  std::string facts =
      "at " + format_rfc3339(made::kNow) + "\nreport_data " + to_hex(stage.nonce) + "\n" + more;
  // Heads and signature, too: every flipped bit is refused.
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
      vector_of("invalid", name, s, "verdict refused\nfails psa." + std::string(check) + "\n"));
}

}  // namespace

std::vector<attest::OwnVector> own_vectors() {
  std::vector<attest::OwnVector> out;
  out.push_back(vector_of("valid", "psa_tfm", made::good_stage(), ""));
  out.push_back(vector_of("valid", "psa_2_0_0", made::good_stage(Profile::kSecond), ""));
  out.push_back(vector_of("valid", "psa_iot_profile_1", made::good_stage(Profile::kFirst), ""));
  add(out, "psa-claims-malformed", "token.form", [](Stage& s) { s.nonce.pop_back(); });
  add(out, "psa-instance-id-of-another-kind", "token.instance_id",
      [](Stage& s) { s.instance_id[0] = 2; });
  add(out, "psa-decommissioned", "token.lifecycle", [](Stage& s) { s.lifecycle = 0x6000; });
  add(out, "psa-debug", "device.debug", [](Stage& s) { s.lifecycle = 0x5000; });
  add(out, "psa-forged", "token.signature", [](Stage& s) { s.iak = &made::stranger(); });
  return out;
}

}  // namespace ward::psa
