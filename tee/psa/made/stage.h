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
#include "tee/psa/token.h"

// A development device's PSA tokens, made by the parser's inverse under a key of its own: what
// tests change single facts of. Everything is the same in every run.
namespace ward::psa::made {

inline constexpr UnixTime kNow{1790000600};

// Component is a software component that owns its octets.
struct Component {
  std::optional<std::string> type;
  Buffer value;
  Buffer signer_id;
};

// Stage is what a device states before it is signed, and by what it is judged.
struct Stage {
  Profile profile = Profile::kTfm;
  bool names_profile = true;
  Buffer nonce;
  Buffer instance_id;
  Buffer implementation_id;
  std::int64_t client_id = 0;
  std::uint64_t lifecycle = 0x3000;
  std::optional<Buffer> boot_seed;
  std::optional<std::string> certification_reference;
  std::vector<Component> components;
  std::optional<std::string> verification_service;

  // The payload is changed before it is signed.
  std::function<void(Buffer&)> change = [](Buffer&) {};
  const crypto::PrivateKey* iak = nullptr;  // borrowed
  bool tagged = true;

  // How it is judged.
  attest::Collateral collateral;
  std::vector<attest::Anchor> anchors;
  attest::Policy policy;
  attest::Expectations expected;
};

// The development device's key (P-256), one of P-384 for the same purpose, and one that belongs to
// nobody.
[[nodiscard]] const crypto::PrivateKey& iak();
[[nodiscard]] const crypto::PrivateKey& iak_p384();
[[nodiscard]] const crypto::PrivateKey& stranger();

// good_stage is a device that is accepted, its key named as a development root.
[[nodiscard]] Stage good_stage(Profile profile = Profile::kTfm);

// name_key makes `key` the only key of the collateral and the only root.
void name_key(Stage& stage, const crypto::PrivateKey& key);

// make signs the token.
[[nodiscard]] Buffer make(const Stage& stage);

// judge appraises evidence as the stage says.
[[nodiscard]] attest::Appraisal judge(const Stage& stage, Bytes evidence);
[[nodiscard]] attest::Appraisal judge(const Stage& stage);

}  // namespace ward::psa::made
