// Every change of an administrator's is a leaf of the ledger: who, in which role, how he signed in,
// what was before and after. Where the leaf cannot be written, nothing is changed.
#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "broker/admin.h"
#include "broker/incident.h"
#include "broker/lease.h"
#include "broker/people.h"
#include "broker/policy_admin.h"
#include "broker/reference_values.h"
#include "broker/tenant.h"
#include "broker/webhooks.h"
#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;

const Actor kOperator{.name = "op", .role = Role::kOperator, .repositories = {}};

Person person(const std::string& name) {
  crypto::SystemRng rng;
  return {.name = name,
          .role = Role::kAdministrator,
          .repositories = {},
          .proof = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng)->public_key()};
}

// FixedKeys gives every tenant keys of its own, made from the first octet of its id.
class FixedKeys final : public TenantKeys {
 public:
  explicit FixedKeys(const World& world) : world_(world) {}

  [[nodiscard]] Result<Keys> keys_of(const Tenant& tenant) const override {
    const auto filled = [&](std::uint8_t purpose) {
      Secret<32> out;
      std::fill(out.expose_mut().begin(), out.expose_mut().end(),
                static_cast<std::uint8_t>(purpose + static_cast<std::uint8_t>(tenant.id.front())));
      return out;
    };
    return Keys{.sessions = SessionSealer(filled(1)),
                .rows = SealedRows(filled(2)),
                .platform_ids = PlatformIds(filled(3)),
                .token_signer = world_.keys().token_signer,
                .token_keys = world_.keys().token_keys,
                .ledger = world_.keys().ledger};
  }

 private:
  const World& world_;
};

// Act is one change; `before` and `after` are what its leaf says, "*" for anything but nothing.
struct Act {
  const char* kind;
  std::function<std::optional<Refusal>()> run;
  const char* before;
  const char* after;
};

template <class T>
std::optional<Refusal> outcome(const Answer<T>& answer) {
  if (answer) return std::nullopt;
  return answer.error();
}

class Audit : public testing::Test {
 protected:
  Audit() { world_.set_up(); }

  // leased writes a lease as a release would.
  std::string leased() {
    std::string id;
    EXPECT_TRUE(world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_TRY(const Lease lease, grant(tx, world_.service(),
                                        {.id = {},
                                         .resource = "hospital/key/records",
                                         .version = 1,
                                         .workload = Buffer(48, 1),
                                         .until = {kNow.seconds + 3600}},
                                        kNow));
      id = lease.id;
      return {};
    }));
    return id;
  }

  std::vector<Act> acts_on_keys() {
    const auto set = [this](std::string text) {
      return outcome(policies_.set(administrator(), "results/hospital", as_bytes(text), kNow));
    };
    const std::string none = R"({"schema":"ward.results-policy/1","releases":[]})";
    const std::vector<refval::ReferenceValue> values = {
        {.id = "one", .value = "1", .expires = {kNow.seconds + 60}}};
    return {
        {"resource.put",
         [this] {
           return outcome(admin_.put_resource(administrator(), "a/b/c", as_bytes("x"), kNow));
         },
         "", "*"},
        {"resource.put",
         [this] {
           return outcome(admin_.put_resource(administrator(), "a/b/c", as_bytes("y"), kNow));
         },
         "*", "*"},
        {"resource.delete",
         [this] { return outcome(admin_.delete_resource(administrator(), "a/b/c", kNow)); }, "*",
         ""},
        {"policy.set", [set, none] { return set(none); }, "*", "*"},
        {"policy.rollback",
         [this] {
           return outcome(policies_.rollback(administrator(), "results/hospital", 1, kNow));
         },
         "*", "*"},
        {"refval.set",
         [this, values] { return outcome(references_.set(administrator(), values, kNow)); }, "",
         "*"},
        {"refval.remove",
         [this] { return outcome(references_.remove(administrator(), "one", kNow)); }, "*", ""},
        {"lease.revoke",
         [this] {
           const auto done = leases_.revoke(administrator(), lease_, kNow);
           if (done) revocation_ = done->id;
           return outcome(done);
         },
         "granted", "revoked"},
        {"lease.lift", [this] { return outcome(leases_.lift(administrator(), revocation_, kNow)); },
         "revoked", "granted"},
    };
  }

  // acts_on_people_and_tenants are those on whoever is told, asked or served.
  std::vector<Act> acts_on_people_and_tenants() {
    return {
        {"administrator.add",
         [this] { return outcome(people_.add(administrator(), person("anna"), {}, kNow)); }, "",
         "*"},
        {"administrator.remove",
         [this] { return outcome(people_.remove(administrator(), "anna", kNow)); }, "*", ""},
        {"webhook.add",
         [this] {
           const auto done = webhooks_.add(administrator(), {"https://a.example", {}, {}}, kNow);
           if (done) webhook_ = done->id;
           return outcome(done);
         },
         "", "*"},
        {"webhook.remove",
         [this] { return outcome(webhooks_.remove(administrator(), webhook_, kNow)); }, "*", ""},
        {"incident.open",
         [this] {
           const auto done = incidents_.open(
               administrator(),
               {.subject = {IncidentOf::kAdvisory, "INTEL-SA-00999"}, .note = {}, .apply = true},
               kNow);
           if (done) incident_ = done->id;
           return outcome(done);
         },
         "", "open"},
        {"incident.close",
         [this] { return outcome(incidents_.close(administrator(), incident_, kNow)); }, "open",
         "closed"},
        {"tenant.add",
         [this] {
           return outcome(tenants_.add(
               kOperator, {.id = "acme", .quotas = {}, .administrator = person("boss")}, kNow));
         },
         "", "*"},
        {"tenant.set",
         [this] { return outcome(tenants_.set(kOperator, "acme", {.suspended = true}, kNow)); },
         "*", "*"},
        {"tenant.remove", [this] { return outcome(tenants_.remove(kOperator, "acme", kNow)); }, "*",
         "*"},
    };
  }

  std::vector<Act> acts() {
    std::vector<Act> out = acts_on_keys();
    std::ranges::move(acts_on_people_and_tenants(), std::back_inserter(out));
    return out;
  }

  World world_;
  Admin admin_{world_.service()};
  PolicyAdmin policies_{world_.service()};
  ReferenceAdmin references_{world_.service()};
  Leases leases_{world_.service()};
  People people_{world_.service()};
  Webhooks webhooks_{world_.service()};
  Incidents incidents_{world_.service()};
  FixedKeys keys_{world_};
  TenantAdmin tenants_{world_.service(), keys_};
  std::string lease_ = leased();
  std::string revocation_;
  std::string webhook_;
  std::string incident_;
};

void expect_detail(const ledger::Leaf& leaf, const char* name, std::string_view expected) {
  const std::string found = detail_of(leaf, name);
  if (expected == "*") {
    EXPECT_FALSE(found.empty()) << leaf.entry.kind << " " << name;
  } else {
    EXPECT_EQ(found, expected) << leaf.entry.kind << " " << name;
  }
}

TEST_F(Audit, a_change_whose_leaf_cannot_be_written_does_not_happen) {
  for (const Act& act : acts()) {
    const auto before = world_.store().revision();
    const std::size_t leaves = leaves_of(world_).size();
    world_.ledger_fails = true;
    const auto refused = act.run();
    world_.ledger_fails = false;
    ASSERT_TRUE(refused) << act.kind;
    EXPECT_EQ(refused->status, 503U) << act.kind;
    EXPECT_EQ(*world_.store().revision(), *before) << act.kind;
    EXPECT_EQ(leaves_of(world_).size(), leaves) << act.kind;
    const auto done = act.run();
    ASSERT_FALSE(done) << act.kind << ": " << done->body.detail;
  }
}

TEST_F(Audit, every_change_says_who_as_what_and_what_was_before_and_after) {
  for (const Act& act : acts()) {
    const auto refused = act.run();
    ASSERT_FALSE(refused) << act.kind << ": " << refused->body.detail;
    const auto leaves = leaves_of(world_);
    const auto newest = std::ranges::find_if(leaves.rbegin(), leaves.rend(), [&](const auto& one) {
      return one.entry.kind == act.kind;
    });
    ASSERT_NE(newest, leaves.rend()) << act.kind;
    const ledger::Leaf& leaf = *newest;
    const bool operators = leaf.entry.kind.starts_with("tenant.");
    EXPECT_EQ(leaf.entry.actor, operators ? "op" : "first");
    EXPECT_EQ(detail_of(leaf, "role"), operators ? "operator" : "administrator");
    EXPECT_EQ(detail_of(leaf, "sign_in"), "key");
    expect_detail(leaf, "before", act.before);
    expect_detail(leaf, "after", act.after);
  }
}

TEST_F(Audit, a_secrets_digest_is_of_this_service_alone) {
  ASSERT_TRUE(admin_.put_resource(administrator(), "a/b/c", as_bytes("secret"), kNow));
  const std::string found = detail_of(leaves_of(world_).back(), "after");
  EXPECT_EQ(found.size(), 64U);
  EXPECT_NE(found, to_hex(crypto::sha256(as_bytes("secret"))));
  ASSERT_TRUE(admin_.put_resource(administrator(), "a/b/c", as_bytes("secret"), kNow));
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "before"), found);
  EXPECT_EQ(detail_of(leaves_of(world_).back(), "after"), found);
}

}  // namespace
}  // namespace ward::broker
