#include "tee/x509/pool.h"

#include <gtest/gtest.h>

#include "pki/test_pki.h"

namespace ward::x509 {
namespace {

namespace test = pki::test;

// A chain of `levels` certificates, the root first, and the anchor that trusts the root.
struct Line {
  std::vector<crypto::PrivateKey> keys;
  std::vector<pki::CertificateSpec> specs;
  std::vector<pki::Certificate> chain;
  std::vector<attest::Anchor> anchors;

  explicit Line(std::size_t levels) {
    for (std::size_t i = 0; i < levels; ++i)
      keys.push_back(test::make_key("line " + std::to_string(i)));
    for (std::size_t i = 0; i < levels; ++i) {
      specs.push_back(
          test::spec_of(name(i), keys[i], name(above(i)), keys[above(i)], i + 1 < levels));
      chain.push_back(test::built(specs[i], keys[above(i)]));
    }
    anchors.push_back({.spki_sha256 = chain[0].spki_sha256, .name = "root"});
  }

  static std::size_t above(std::size_t level) { return level == 0 ? 0 : level - 1; }

  static std::string name(std::size_t level) { return "level " + std::to_string(level); }

  // altered is what anybody can make of the certificate of a level: newer, and signed by nobody.
  [[nodiscard]] pki::Certificate altered(std::size_t level, unsigned number = 0) const {
    pki::CertificateSpec spec = specs[level];
    spec.not_before = {test::kFrom.seconds + 1 + number};
    Buffer der = test::built(spec, keys[above(level)]).der;
    der.back() ^= 1U;
    return *pki::parse_certificate(der);
  }
};

// Collateral is certificates in the order in which they were given.
struct Collateral {
  std::vector<Named<pki::Certificate>> certificates;
  Signatures signatures;
  std::vector<std::string> notes;

  void add(const pki::Certificate& c) {
    certificates.push_back({"c.der", crypto::sha256(c.der), c});
  }

  [[nodiscard]] Pool pool(const Line& line) {
    return {certificates, line.anchors, test::kNow, signatures, notes};
  }
};

TEST(Pool, AnAlteredIssuerDisplacesNoneHoweverFarTheRootIs) {
  const Line line(6);
  for (std::size_t level = 0; level + 1 < line.chain.size(); ++level) {
    for (const bool first : {true, false}) {
      SCOPED_TRACE(level);
      Collateral all;
      if (first) all.add(line.altered(level));
      for (const pki::Certificate& c : line.chain)
        all.add(c);
      if (!first) all.add(line.altered(level));
      const Pool pool = all.pool(line);
      for (std::size_t i = 1; i < line.chain.size(); ++i) {
        const pki::Certificate* issuer = pool.find_issuer(line.chain[i]);
        ASSERT_NE(issuer, nullptr);
        EXPECT_EQ(issuer->der, line.chain[i - 1].der) << i;
      }
    }
  }
}

// Two authorities that certified each other: whoever is asked first, both lead to the root.
TEST(Pool, AuthoritiesThatCertifiedEachOtherBothLeadToTheRoot) {
  const Line line(3);
  const crypto::PrivateKey other = test::make_key("other");
  const auto certified = [&](const std::string& subject, const crypto::PrivateKey& key,
                             const std::string& issuer, const crypto::PrivateKey& by) {
    return test::built(test::spec_of(subject, key, issuer, by, true), by);
  };
  const pki::Certificate cross = certified("other", other, Line::name(1), line.keys[1]);
  const pki::Certificate back = certified(Line::name(1), line.keys[1], "other", other);
  const pki::Certificate leaf =
      test::built(test::spec_of("leaf", line.keys[2], "other", other, false), other);
  pki::CertificateSpec spec = test::spec_of("other", other, Line::name(1), line.keys[1], true);
  spec.not_before = {test::kFrom.seconds + 1};
  Buffer forged = test::built(spec, other).der;
  Collateral all;
  for (const pki::Certificate* c : {&back, &cross, &line.chain[0], &line.chain[1]})
    all.add(*c);
  all.add(*pki::parse_certificate(forged));
  const Pool pool = all.pool(line);
  EXPECT_NE(pool.find_issuer(line.chain[2]), nullptr);
  ASSERT_NE(pool.find_issuer(leaf), nullptr);
  EXPECT_EQ(pool.find_issuer(leaf)->der, cross.der);
}

// Sixty-four altered certificates of one key cost a signature each, not one per pair; asked again,
// and by another pool of the same appraisal, they cost none.
TEST(Pool, WhatIsWrongIsVerifiedOnceInAnAppraisal) {
  const Line line(3);
  Collateral all;
  for (unsigned i = 0; i < kMaxTried - 1; ++i)
    all.add(line.altered(1, i));
  all.add(line.chain[1]);
  all.add(line.chain[0]);
  std::vector<Named<pki::Certificate>> roots;
  for (unsigned i = 0; i < kMaxTried - 1; ++i)
    roots.push_back({"root", {}, line.altered(0, i)});
  all.certificates.insert(all.certificates.end(), roots.begin(), roots.end());
  for (int again = 0; again < 8; ++again) {
    const Pool pool = all.pool(line);
    ASSERT_NE(pool.find_issuer(line.chain[2]), nullptr);
    EXPECT_EQ(pool.find_issuer(line.chain[2])->der, line.chain[1].der);
  }
  EXPECT_EQ(all.notes, std::vector<std::string>{});
}

TEST(Signatures, SearchHasOneLimitForAnAppraisalAndSaysWhereItEnds) {
  RightSignatures shared;
  Signatures signatures(&shared);
  std::vector<std::string> notes;
  std::size_t verified = 0;
  const auto key = crypto::sha256(as_bytes("key"));
  const auto ask = [&](std::size_t number, bool right) {
    return signatures.found(
        crypto::sha256(as_bytes(std::to_string(number))), key,
        [&] {
          ++verified;
          return right;
        },
        notes);
  };
  for (std::size_t i = 0; i < kMaxSearched; ++i)
    EXPECT_EQ(ask(i, i % 2 == 0), i % 2 == 0);
  for (std::size_t i = 0; i < kMaxSearched; ++i)
    EXPECT_EQ(ask(i, i % 2 != 0), i % 2 == 0);  // as it was found
  EXPECT_EQ(verified, kMaxSearched);
  EXPECT_TRUE(notes.empty());
  EXPECT_FALSE(ask(kMaxSearched, true));
  EXPECT_FALSE(ask(kMaxSearched, true));
  EXPECT_EQ(verified, kMaxSearched);
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_TRUE(notes[0].starts_with("left out: signatures beyond 512")) << notes[0];
  // A verdict on a signature has no limit.
  EXPECT_TRUE(signatures.holds(crypto::sha256(as_bytes("verdict")), key, [] { return true; }));
  signatures.allow(1);
  EXPECT_TRUE(ask(kMaxSearched, true));
  // Another appraisal knows what is right, and not what is wrong.
  Signatures other(&shared);
  EXPECT_TRUE(other.holds(crypto::sha256(as_bytes("0")), key, [] { return false; }));
  EXPECT_TRUE(other.holds(crypto::sha256(as_bytes("1")), key, [] { return true; }));
}

}  // namespace
}  // namespace ward::x509
