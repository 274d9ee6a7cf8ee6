#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "ledger/entry.h"
#include "store/store.h"

// For tests of broker and server: a service over a memory store, whose verifier accepts a made-up
// kind of evidence. What the verifier finds is set by the test; its bindings are compared for real.
namespace ward::broker::test_support {

inline constexpr UnixTime kNow{1700000000};
inline constexpr const char* kFieldId = "fake.attributes.flag";

// FakeVerifier reads evidence {"report_data":"<hex>"} and reports the facts of the test.
class FakeVerifier final : public EvidenceVerifier {
 public:
  [[nodiscard]] Result<Appraised> appraise(const EvidenceRequest& request) const override;

  [[nodiscard]] const attest::Collateral& collateral() const override { return documents; }

  [[nodiscard]] bool serves(std::string_view tee) const override { return tee == "sgx"; }

  // fields has one flag, kFieldId, whose value is `flag`.
  [[nodiscard]] std::vector<attest::FieldInfo> fields() const override;

  attest::Collateral documents;
  Buffer workload = Buffer(48, 1);
  Buffer runtime = Buffer(32, 2);
  Buffer signer = Buffer(32, 3);
  Buffer chip = Buffer(16, 0xc4);
  std::vector<std::string> advisories;
  std::function<void()> meanwhile;  // called while evidence is judged
  std::string tcb_status = "UpToDate";
  bool debug = false;
  bool development = false;
  std::optional<bool> flag = true;  // nullopt: the evidence does not state it
  bool forged = false;              // the signature does not verify
  std::vector<std::string> classes{"cpu"};
  bool without_list = false;  // no revocation list was given; the maker's is optional
};

// World owns everything that a Service refers to.
class World {
 public:
  explicit World(std::unique_ptr<store::Store> store = nullptr, const RegoEngine* rego = nullptr);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  FakeVerifier verifier;
  bool ledger_fails = false;  // nothing can be signed for the ledger

  [[nodiscard]] const Service& service() const { return *service_; }

  [[nodiscard]] store::Store& store() const { return *store_; }

  [[nodiscard]] const Keys& keys() const { return *keys_; }

  [[nodiscard]] const crypto::PrivateKey& token_key() const { return token_key_; }

  // set_up writes a policy for evidence that accepts the fake's runtime, one for results of the
  // repository `hospital` that grants key/records, and the resource itself, "the key".
  void set_up() const;

 private:
  crypto::SystemRng rng_;
  crypto::PrivateKey token_key_;
  crypto::PrivateKey ledger_key_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<Keys> keys_;
  std::unique_ptr<Service> service_;
};

// filled is the world's keys for sessions (1), rows (2) and platforms' ids (3).
[[nodiscard]] Secret<32> filled(std::uint8_t value);

[[nodiscard]] Actor administrator();

// leaves_of reads the whole ledger.
[[nodiscard]] std::vector<ledger::Leaf> leaves_of(const World& world);

// detail_of is one detail of a leaf, empty where it has none of this name.
[[nodiscard]] std::string detail_of(const ledger::Leaf& leaf, std::string_view name);

// evidence_policy and results_policy are texts that fit the fake.
[[nodiscard]] std::string evidence_policy();
[[nodiscard]] std::string results_policy();

}  // namespace ward::broker::test_support
