#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "base/bytes.h"
#include "base/time.h"
#include "crypto/sign.h"
#include "tee/cca/token.h"

// A development platform's CCA tokens, made by the parser's inverse under keys of its own: what
// tests change single facts of. Everything is the same in every run.
namespace ward::cca::made {

inline constexpr UnixTime kNow{1790000600};

// Component is a software component that owns its octets.
struct Component {
  std::optional<std::string> type;
  Buffer value;
  std::optional<std::string> version;
  Buffer signer_id;
  std::optional<std::string> description;
};

// Form is one way in which tokens were and are written.
enum class Form : std::uint8_t {
  kProfile,  // of RMM 1.0: the realm's key is a COSE_Key
  kEarly,    // before it: the realm token has no profile, its key is a bare point
  kJson,     // the first, as Trustee's guests send it
};

// Stage is what a platform and a realm state before it is signed, and by what it is judged.
struct Stage {
  Form form = Form::kProfile;
  std::string platform_profile{kPlatformProfile};
  std::optional<Buffer> challenge;  // nullopt: the digest of the realm's key
  Buffer implementation_id;
  Buffer instance_id;
  Buffer config;
  std::uint64_t lifecycle = 0x3000;
  std::vector<Component> components;
  std::optional<std::string> verification_service;
  std::string platform_hash_algo_id = "sha-256";

  std::optional<std::string> realm_profile{kRealmProfile};
  Buffer realm_challenge;
  Buffer personalization_value;
  Buffer initial_measurement;
  std::vector<Buffer> extensible;
  std::string realm_hash_algo_id = "sha-512";
  std::optional<Buffer> realm_key;  // nullopt: the RAK as the form has it
  std::string realm_key_hash_algo_id = "sha-512";

  // Octets of a payload that are changed before they are signed.
  std::function<void(Buffer&)> change_platform = [](Buffer&) {};
  std::function<void(Buffer&)> change_realm = [](Buffer&) {};

  const crypto::PrivateKey* cpak = nullptr;  // borrowed, as the next
  const crypto::PrivateKey* rak = nullptr;

  // How it is judged.
  attest::Collateral collateral;
  std::vector<attest::Anchor> anchors;
  attest::Policy policy;
  attest::Expectations expected;
};

// The development platform's key of P-384, one of P-256 for the same purpose, the realm's key, and
// one that belongs to nobody.
[[nodiscard]] const crypto::PrivateKey& cpak();
[[nodiscard]] const crypto::PrivateKey& cpak_p256();
[[nodiscard]] const crypto::PrivateKey& rak();
[[nodiscard]] const crypto::PrivateKey& stranger();

// good_stage is a platform that is accepted, its key named as a development root.
[[nodiscard]] Stage good_stage(Form form = Form::kProfile);

// name_key makes `key` the only key of the collateral and the only root.
void name_key(Stage& stage, const crypto::PrivateKey& key);

// make signs both tokens, and writes the evidence in the stage's form.
[[nodiscard]] Buffer make(const Stage& stage);

// judge appraises evidence as the stage says.
[[nodiscard]] attest::Appraisal judge(const Stage& stage, Bytes evidence);
[[nodiscard]] attest::Appraisal judge(const Stage& stage);

}  // namespace ward::cca::made
