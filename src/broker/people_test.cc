#include "broker/people.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "test/broker/world.h"

namespace ward::broker {
namespace {

using test_support::administrator;
using test_support::detail_of;
using test_support::kNow;
using test_support::leaves_of;
using test_support::World;

constexpr const char* kIssuer = "https://login.example/realm";

Person with(std::string name, PersonProof proof) {
  return {.name = std::move(name),
          .role = Role::kAuditor,
          .repositories = {},
          .proof = std::move(proof)};
}

ClaimProof subject(const std::string& who) {
  return {.issuer = kIssuer, .claim = {"sub"}, .value = who};
}

TEST(PersonProof, each_form_is_read_as_it_was_written) {
  World world;
  const People people(world.service());
  const std::vector<PersonProof> proofs = {
      subject("anna"),
      ClaimProof{.issuer = kIssuer, .claim = {"realm", "groups"}, .value = "auditors of a b"},
      KeyPin{.spki_sha256 = {1, 2, 3}}, CertificateName{.name = "dns:ops.example"}};
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    const auto done =
        people.add(administrator(), with("p" + std::to_string(i), proofs[i]), {}, kNow);
    EXPECT_TRUE(done) << i;
  }
  const auto list = people.list(administrator(), kNow);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), proofs.size());
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    EXPECT_TRUE(same_proof((*list)[i].proof, proofs[i])) << i;
  }
  const auto leaves = leaves_of(world);
  ASSERT_EQ(leaves.size(), proofs.size());
  EXPECT_NE(detail_of(leaves[1], "after").find(R"("claim":["realm","groups"])"), std::string::npos);
}

TEST(PersonProof, what_is_no_proof_is_refused) {
  const ClaimProof good = subject("anna");
  const auto claim = [&](auto change) {
    ClaimProof out = good;
    change(out);
    return PersonProof(out);
  };
  const std::vector<std::pair<const char*, PersonProof>> cases = {
      {"no issuer", claim([](ClaimProof& one) { one.issuer.clear(); })},
      {"not https", claim([](ClaimProof& one) { one.issuer = "http://login.example"; })},
      {"a query", claim([](ClaimProof& one) { one.issuer += "?a"; })},
      {"a blank", claim([](ClaimProof& one) { one.issuer += " "; })},
      {"long issuer", claim([](ClaimProof& one) { one.issuer.resize(kMaxIssuerBytes + 1, 'a'); })},
      {"no claim", claim([](ClaimProof& one) { one.claim.clear(); })},
      {"an empty name", claim([](ClaimProof& one) {
         one.claim = {"a", ""};
       })},
      {"many names", claim([](ClaimProof& one) { one.claim.assign(kMaxClaimNames + 1, "a"); })},
      {"a long name",
       claim([](ClaimProof& one) { one.claim = {std::string(kMaxClaimBytes + 1, 'a')}; })},
      {"no value", claim([](ClaimProof& one) { one.value.clear(); })},
      {"a long value", claim([](ClaimProof& one) { one.value.assign(kMaxClaimBytes + 1, 'a'); })},
      {"another kind of name", CertificateName{.name = "ip:10.0.0.1"}},
      {"a kind alone", CertificateName{.name = "dns:"}},
      {"a name of two lines", CertificateName{.name = "dns:a\nb"}},
  };
  EXPECT_FALSE(check_proof(good));
  EXPECT_FALSE(check_proof(claim([](ClaimProof& one) { one.claim.assign(kMaxClaimNames, "a"); })));
  EXPECT_FALSE(check_proof(claim([](ClaimProof& one) { one.value.assign(kMaxClaimBytes, 'a'); })));
  for (const auto& [name, proof] : cases) {
    EXPECT_TRUE(check_proof(proof)) << name;
  }
}

TEST(PersonProof, is_of_one_name_until_he_is_removed) {
  World world;
  const People people(world.service());
  ASSERT_TRUE(people.add(administrator(), with("anna", subject("1")), {}, kNow));
  const auto again = people.add(administrator(), with("berta", subject("1")), {}, kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().status, 409U);
  EXPECT_EQ(again.error().checks, std::vector<std::string>{"kbs.admin.proof"});
  EXPECT_TRUE(people.add(administrator(), with("carla", subject("2")), {}, kNow));
  ASSERT_TRUE(people.remove(administrator(), "anna", kNow));
  EXPECT_TRUE(people.add(administrator(), with("berta", subject("1")), {}, kNow));
}

TEST(PersonProof, is_nobodys_whom_the_configuration_names) {
  World world;
  const People people(world.service());
  const Reserved reserved{.names = {"first"},
                          .proofs = {KeyPin{.spki_sha256 = {7}}, CertificateName{"dns:a.example"}}};
  const auto add = [&](const PersonProof& proof) {
    const auto done = people.add(administrator(), with("anna", proof), reserved, kNow);
    return done ? std::string() : done.error().checks.front();
  };
  EXPECT_EQ(add(KeyPin{.spki_sha256 = {7}}), "kbs.admin.proof");
  EXPECT_EQ(add(CertificateName{"dns:a.example"}), "kbs.admin.proof");
  EXPECT_EQ(add(CertificateName{"dns:b.example"}), "");
}

TEST(PersonProof, of_others_is_compared_beside_a_damaged_row) {
  World world;
  const People people(world.service());
  ASSERT_TRUE(people.add(administrator(), with("anna", subject("1")), {}, kNow));
  ASSERT_TRUE(world.store().transact([](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(tx.put(kPersonTable, "aaa", Buffer{1, 2, 3}, 0));
    return {};
  }));
  EXPECT_TRUE(people.add(administrator(), with("berta", subject("2")), {}, kNow));
  const auto again = people.add(administrator(), with("carla", subject("1")), {}, kNow);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().checks, std::vector<std::string>{"kbs.admin.proof"});
}

}  // namespace
}  // namespace ward::broker
