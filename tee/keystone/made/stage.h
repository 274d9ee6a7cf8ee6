#pragma once

#include <functional>
#include <optional>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "crypto/edwards.h"

// A development device of Keystone and the reports that it makes, by the parser's inverse, with
// keys of its own: what tests change single facts of. Everything is the same in every run.
namespace ward::keystone::made {

inline constexpr UnixTime kNow{1790000600};

// Stage is what stands in a report before it is signed, and by what it is judged.
struct Stage {
  Buffer enclave_hash;
  Buffer data;
  Buffer monitor_hash;
  const crypto::EdwardsKey* device = nullptr;   // borrowed
  const crypto::EdwardsKey* monitor = nullptr;  // borrowed

  // What the report states or carries instead of what follows from the keys.
  std::optional<Buffer> device_key;
  std::optional<Buffer> monitor_key;
  std::optional<Buffer> monitor_signature;

  // The report is changed after it was signed.
  std::function<void(Buffer&)> change = [](Buffer&) {};

  // How it is judged.
  std::vector<attest::Anchor> anchors;
  attest::Policy policy;
  attest::Expectations expected;
};

// The development device's key, the key of its monitor, one that a boot ROM with Keystone's mistake
// gives that monitor, and one that belongs to nobody.
[[nodiscard]] const crypto::EdwardsKey& device();
[[nodiscard]] const crypto::EdwardsKey& monitor();
[[nodiscard]] const crypto::EdwardsKey& guessable_monitor();
[[nodiscard]] const crypto::EdwardsKey& stranger();

// good_stage is a report that is accepted, the device's key named as a development root.
[[nodiscard]] Stage good_stage();

// use_published_key makes the report one of the device key that Keystone publishes, and names that.
void use_published_key(Stage& stage);

// name_key makes a public key of 32 octets the only root; root_file is its PEM file.
void name_key(Stage& stage, Bytes key);
[[nodiscard]] Buffer root_file(Bytes key);

// make signs the report.
[[nodiscard]] Buffer make(const Stage& stage);

// judge appraises evidence as the stage says.
[[nodiscard]] attest::Appraisal judge(const Stage& stage, Bytes evidence);
[[nodiscard]] attest::Appraisal judge(const Stage& stage);

}  // namespace ward::keystone::made
