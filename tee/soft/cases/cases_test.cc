// Every case, of every face that has it, is judged as its entry says, and differs from the good one
// in what it says alone.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "pki/certificate.h"
#include "tee/all.h"
#include "tee/soft/cases/case.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

namespace ward::soft::cases {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;

constexpr UnixTime kAt{1'800'000'000};

crypto::PrivateKey rsa_key(const std::string& file) {
  return *crypto::PrivateKey::from_pkcs8(
      test::read_file(test::source_dir() / "test/snp_checks/testdata" / file));
}

crypto::PrivateKey p384_key(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng);
}

// RSA keys of 2048 bits judge alike and are there at once.
Makers makers_of(const char* seed) {
  return Makers({.seed = to_buffer(as_bytes(seed)), .at = kAt},
                {{rsa_key("one_ark.pkcs8"), rsa_key("one_ask.pkcs8"), rsa_key("one_asvk.pkcs8"),
                  p384_key("vcek"), p384_key("vlek")},
                 rsa_key("two_ark.pkcs8")});
}

attest::Anchor root_of(const Made& made) {
  const auto root =
      std::ranges::find(made.documents.documents, "root_ca.pem", &attest::Document::name);
  const auto pem = codec::parse_pem(as_text(root->bytes));
  return {.spki_sha256 = crypto::sha256(pki::parse_certificate(pem->at(0).der)->spki),
          .name = "development",
          .development = true};
}

Appraisal judge(const Made& made) {
  const verifier::Verifier verifier(tee::all_schemes(), {root_of(made)},
                                    {.name = "test", .allow_development = true});
  return *verifier.appraise({.evidence = made.evidence,
                             .collateral = made.documents,
                             .now = kAt,
                             .expected = made.expected});
}

TEST(Cases, AreJudgedAsTheirEntrySays) {
  Makers makers = makers_of("a seed");
  for (const Case& one : all_cases()) {
    for (const std::string& face : one.faces) {
      SCOPED_TRACE(one.name + " of " + face);
      const auto made = one.make(face, makers);
      ASSERT_TRUE(made) << made.error().what();
      const Appraisal a = judge(*made);
      EXPECT_EQ(a.verdict, one.verdict) << attest::summary(a);
      EXPECT_EQ(a.failed(), one.fails);
      for (const std::string& id : one.open) {
        ASSERT_NE(a.check(id), nullptr) << id;
        EXPECT_EQ(a.check(id)->outcome, Outcome::kNotDone) << id;
      }
      if (!one.tcb_status.empty()) {
        EXPECT_EQ(a.tcb.status, one.tcb_status);
      }
      EXPECT_EQ(a.tee, one.tee);
    }
  }
}

TEST(Cases, AreTheSameForTheSameSeedAndOthersForAnother) {
  Makers one = makers_of("a seed");
  Makers again = makers_of("a seed");
  Makers other = makers_of("another");
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    const Made made = *c.make(c.faces.front(), one);
    const Made same = *c.make(c.faces.front(), again);
    EXPECT_EQ(made.evidence, same.evidence);
    for (std::size_t i = 0; i < made.documents.documents.size(); ++i) {
      EXPECT_EQ(made.documents.documents.at(i).bytes, same.documents.documents.at(i).bytes)
          << made.documents.documents.at(i).name;
    }
    EXPECT_NE(made.evidence, c.make(c.faces.front(), other)->evidence);
  }
}

TEST(Cases, HaveNamesOfTheirOwnAndChecksThatThereAre) {
  std::set<std::string> ids;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const attest::CheckInfo& check : scheme->info().checks)
      ids.insert(check.id);
  }
  std::set<std::string> names;
  for (const Case& c : all_cases()) {
    SCOPED_TRACE(c.name);
    EXPECT_TRUE(names.insert(c.name).second);
    EXPECT_TRUE(c.name.starts_with(c.tee + "-"));
    ASSERT_FALSE(c.faces.empty());
    EXPECT_FALSE(c.what.ends_with("."));
    for (const std::string& id : c.fails)
      EXPECT_TRUE(ids.contains(id)) << id;
    for (const std::string& id : c.open)
      EXPECT_TRUE(ids.contains(id)) << id;
    EXPECT_EQ(c.verdict == Verdict::kRefused, !c.fails.empty());
    EXPECT_EQ(c.verdict == Verdict::kUndetermined, !c.open.empty());
    Makers makers = makers_of("a seed");
    EXPECT_FALSE(c.make("no such face", makers));
  }
}

}  // namespace
}  // namespace ward::soft::cases
