#include "server/stored_people.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/people.h"
#include "server/admin_auth.h"
#include "test/broker/world.h"

namespace ward::server {
namespace {

using broker::CertificateName;
using broker::ClaimProof;
using broker::KeyPin;
using broker::Role;
using broker::test_support::kNow;
using broker::test_support::World;

constexpr const char* kIssuer = "https://login.example/realm";

class StoredPeopleTest : public testing::Test {
 protected:
  void add(const std::string& name, Role role, broker::PersonProof proof) {
    const broker::People people(world_.service());
    const auto done = people.add(
        broker::test_support::administrator(),
        {.name = name, .role = role, .repositories = {}, .proof = std::move(proof)}, {}, kNow);
    ASSERT_TRUE(done) << done.error().body.detail;
  }

  // put writes a row that nobody sealed.
  void put(const std::string& name, std::uint64_t version) const {
    const auto done = world_.store().transact([&](store::Transaction& tx) -> Result<void> {
      WARD_CHECK_OK(tx.put(broker::kPersonTable, name, Buffer{1, 2, 3}, version));
      return {};
    });
    ASSERT_TRUE(done);
  }

  [[nodiscard]] std::vector<std::string> certified() const {
    const auto found = stored_.certificates({});
    EXPECT_TRUE(found);
    std::vector<std::string> out;
    for (const Administrator& one : found ? *found : std::vector<Administrator>()) {
      EXPECT_TRUE(one.stored);
      out.push_back(one.actor.name);
    }
    return out;
  }

  World world_;
  std::vector<std::string> damaged_;
  StoredPeople stored_{world_.service(), [this](std::string_view event, auto fields) {
                         EXPECT_EQ(event, "admin.row_damaged");
                         damaged_.push_back(fields.begin()->second);
                       }};
  OidcProvider provider_{.name = "corp", .issuer = kIssuer};
};

ClaimProof claim(const char* issuer, std::vector<std::string> path, const char* value) {
  return {.issuer = issuer, .claim = std::move(path), .value = value};
}

TEST_F(StoredPeopleTest, rules_of_one_subject_come_first_and_have_his_name) {
  add("a-group", Role::kAdministrator, claim(kIssuer, {"groups"}, "all"));
  add("b-group", Role::kAuditor, claim(kIssuer, {"realm", "groups"}, "some"));
  add("other", Role::kAdministrator, claim("https://other.example", {"sub"}, "anna"));
  add("pinned", Role::kAdministrator, KeyPin{.spki_sha256 = {7}});
  add("zoe", Role::kVerifierOwner, claim(kIssuer, {"sub"}, "anna"));
  const auto rules = stored_.rules({}, provider_);
  ASSERT_TRUE(rules);
  ASSERT_EQ(rules->size(), 3U);
  EXPECT_EQ((*rules)[0].actor.name, "zoe");
  EXPECT_EQ((*rules)[0].actor.role, Role::kVerifierOwner);
  EXPECT_EQ((*rules)[1].actor.name, "");
  EXPECT_EQ((*rules)[1].value, "all");
  EXPECT_EQ((*rules)[2].claim, (std::vector<std::string>{"realm", "groups"}));
}

TEST_F(StoredPeopleTest, whom_the_configuration_names_is_nobody_else) {
  add("zoe", Role::kAdministrator, claim(kIssuer, {"sub"}, "anna"));
  add("pinned", Role::kAdministrator, KeyPin{.spki_sha256 = {7}});
  const std::vector<Administrator> configured = {
      {.actor = {.name = "zoe", .role = Role::kAuditor, .repositories = {}}},
      {.actor = {.name = "pinned", .role = Role::kAuditor, .repositories = {}}}};
  const auto rules = stored_.rules(configured, provider_);
  ASSERT_TRUE(rules);
  EXPECT_TRUE(rules->empty());
  const auto certified = stored_.certificates(configured);
  ASSERT_TRUE(certified);
  EXPECT_TRUE(certified->empty());
}

TEST_F(StoredPeopleTest, certificates_are_pins_and_names_and_no_keys) {
  crypto::SystemRng rng;
  add("keyed", Role::kAuditor,
      crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng)->public_key());
  add("named", Role::kAuditor, CertificateName{.name = "email:a@b.example"});
  add("pinned", Role::kAuditor, KeyPin{.spki_sha256 = {7}});
  const auto found = stored_.certificates({});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  ASSERT_EQ(found->front().certificate_names.size(), 1U);
  EXPECT_EQ(found->front().certificate_names.front().kind, pki::GeneralName::Kind::kRfc822);
  EXPECT_EQ(found->back().spki_sha256, (std::vector<crypto::Sha256Digest>{{7}}));
  const auto without = stored_administrator(world_.service(), "pinned");
  ASSERT_TRUE(without);
  EXPECT_FALSE(without->has_value());
}

TEST_F(StoredPeopleTest, a_change_holds_at_once_and_a_damaged_row_against_itself_alone) {
  using Names = std::vector<std::string>;
  add("anna", Role::kAuditor, KeyPin{.spki_sha256 = {1}});
  add("berta", Role::kAuditor, KeyPin{.spki_sha256 = {2}});
  EXPECT_EQ(certified(), (Names{"anna", "berta"}));
  const broker::People people(world_.service());
  ASSERT_TRUE(people.remove(broker::test_support::administrator(), "anna", kNow));
  EXPECT_EQ(certified(), Names{"berta"});
  add("anna", Role::kAdministrator, KeyPin{.spki_sha256 = {3}});
  EXPECT_EQ(stored_.certificates({})->front().spki_sha256,
            (std::vector<crypto::Sha256Digest>{{3}}));
  EXPECT_EQ(stored_.certificates({})->front().actor.role, Role::kAdministrator);
  EXPECT_EQ(damaged_, Names{});
  put("berta", 1);
  put("not a name", 0);
  EXPECT_EQ(certified(), Names{"anna"});
  EXPECT_EQ(certified(), Names{"anna"});
  EXPECT_EQ(damaged_, (Names{"berta", "?"}));  // once
}

TEST(SignInMeansTest, each_way_is_the_operators_to_allow) {
  const OidcProvider some{.name = "corp", .issuer = kIssuer, .tenants = {"acme"}};
  const OidcProvider every{.name = "all", .issuer = "https://all.example", .tenants = {"*"}};
  const SignInMeans all{
      .providers = {some, every}, .certificates = true, .names = true, .names_tenants = {"acme"}};
  const SignInMeans none{.providers = {some, every}};
  const auto subject = claim(kIssuer, {"sub"}, "anna");
  EXPECT_TRUE(check_means(subject, all, "acme"));
  EXPECT_TRUE(check_means(subject, all, ""));
  EXPECT_TRUE(check_means(claim("https://all.example", {"sub"}, "x"), all, "zeta"));
  EXPECT_TRUE(check_means(KeyPin{}, all, "zeta"));
  EXPECT_TRUE(check_means(CertificateName{.name = "dns:a"}, all, "acme"));
  EXPECT_TRUE(check_means(CertificateName{.name = "dns:a"}, all, ""));
  const std::pair<broker::PersonProof, const SignInMeans*> refused[] = {
      {subject, &all},
      {claim("https://third.example", {"sub"}, "x"), &all},
      {KeyPin{}, &none},
      {CertificateName{.name = "dns:a"}, &all},
      {CertificateName{.name = "dns:a"}, &none}};
  for (const auto& [proof, means] : refused) {
    const auto done = check_means(proof, *means, "zeta");
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().status, 409U);
    EXPECT_EQ(done.error().checks, std::vector<std::string>{"kbs.admin.sign_in"});
  }
}

}  // namespace
}  // namespace ward::server
