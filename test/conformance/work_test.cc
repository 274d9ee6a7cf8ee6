// What a verdict is derived from, written down by every TEE, derives it again.
#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "crypto/edwards.h"
#include "crypto/sign.h"
#include "test/conformance/own_vector.h"

namespace ward {
namespace {

using attest::Appraisal;
using attest::Outcome;
using namespace conformance;  // NOLINT(google-build-using-namespace): written in its words

// holds_again judges a signature by the written work alone.
bool holds_again(const attest::Work& work, const attest::SignatureFact& fact) {
  using crypto::SignatureAlgorithm;
  static const std::map<std::string, SignatureAlgorithm> kAlgorithms = [] {
    std::map<std::string, SignatureAlgorithm> out;
    for (const auto algorithm :
         {SignatureAlgorithm::kEcdsaP256Sha256, SignatureAlgorithm::kEcdsaP384Sha384,
          SignatureAlgorithm::kEcdsaP384Sha256, SignatureAlgorithm::kEcdsaP521Sha512,
          SignatureAlgorithm::kEd25519, SignatureAlgorithm::kRsaPkcs1Sha256,
          SignatureAlgorithm::kRsaPkcs1Sha384, SignatureAlgorithm::kRsaPkcs1Sha512,
          SignatureAlgorithm::kRsaPssSha256, SignatureAlgorithm::kRsaPssSha384,
          SignatureAlgorithm::kRsaPssSha512})
      out.emplace(crypto::algorithm_name(algorithm), algorithm);
    return out;
  }();
  if (fact.algorithm == "Ed25519-SHA3-512") {
    return crypto::verify_edwards(crypto::EdwardsHash::kSha3,
                                  work.bytes(fact.key).last(crypto::kEdwardsKeyBytes),
                                  work.bytes(fact.message), work.bytes(fact.signature));
  }
  const auto key = fact.key_form == attest::KeyForm::kPoint
                       ? crypto::PublicKey::from_p256_xy(work.bytes(fact.key))
                       : crypto::PublicKey::from_spki(work.bytes(fact.key));
  if (!key) return false;
  const SignatureAlgorithm algorithm = kAlgorithms.at(fact.algorithm);
  const Bytes message = work.bytes(fact.message);
  Buffer signature = to_buffer(work.bytes(fact.signature));
  if (fact.form == attest::SignatureForm::kOwn) return key->verify(algorithm, message, signature);
  if (fact.form == attest::SignatureForm::kHex) signature = *from_hex(as_text(signature));
  if (fact.form == attest::SignatureForm::kLittleEndian) {
    const std::ptrdiff_t size = key->type() == crypto::KeyType::kP256 ? 32 : 48;
    Buffer r(signature.begin(), signature.begin() + size);
    Buffer s(signature.begin() + 72, signature.begin() + 72 + size);
    // What stands behind a number in its slot would make it longer.
    const auto behind = [&](std::ptrdiff_t at) {
      const auto begin = signature.begin() + at;
      return std::any_of(begin + size, begin + 72, [](auto octet) { return octet != 0; });
    };
    if (behind(0) || behind(72)) return false;
    std::ranges::reverse(r);
    std::ranges::reverse(s);
    signature = concat({r, s});
  }
  return key->verify_rs(algorithm, message, signature);
}

// The same of a digest; what was expected must be what stands where the work says that it stands.
bool holds_again(const attest::Work& work, const attest::DigestFact& fact) {
  static const std::map<std::string, crypto::Hash> kHashes = {{"SHA-256", crypto::Hash::kSha256},
                                                              {"SHA-384", crypto::Hash::kSha384},
                                                              {"SHA-512", crypto::Hash::kSha512}};
  if (fact.place) {
    EXPECT_EQ(to_buffer(work.bytes(*fact.place)), fact.expected) << fact.check->id;
  }
  const crypto::Hash hash = kHashes.at(fact.algorithm);
  Buffer value(fact.extended ? crypto::digest_size(hash) : 0);
  for (const attest::Part& part : fact.message) {
    value = concat({value, work.bytes(part)});
    if (fact.extended) value = crypto::digest(hash, value);
  }
  return (fact.extended ? value : crypto::digest(hash, value)) == fact.expected;
}

// The checks of registers that an event log was compared with.
bool is_register(const attest::Check& check) {
  const std::string_view id = check.info->id;
  return id.find(".event_log.rtmr") != std::string_view::npos && !id.ends_with("_measured");
}

TEST(ConformanceWork, TheWorkHoldsEverySignatureAndDigest) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    attest::Work work;
    const Appraisal a = Judge{}(v, v.evidence, v.time("at"), expected_of(v), &work);
    ASSERT_FALSE(work.materials.empty());
    EXPECT_EQ(work.materials.front().bytes, v.evidence);
    std::set<std::string> shown;
    for (const attest::SignatureFact& fact : work.signatures) {
      EXPECT_TRUE(fact.holds) << fact.check->id;
      EXPECT_TRUE(holds_again(work, fact)) << fact.check->id;
      shown.insert(fact.check->id);
    }
    for (const attest::Check& check : a.checks) {
      const bool signature = std::string_view(check.info->id).ends_with(".signature");
      const bool done = check.outcome != Outcome::kNotDone;
      EXPECT_EQ(shown.contains(check.info->id), signature && done) << check.info->id;
    }
    shown.clear();
    for (const attest::DigestFact& fact : work.digests) {
      EXPECT_TRUE(fact.holds) << fact.check->id;
      EXPECT_TRUE(holds_again(work, fact)) << fact.check->id;
      shown.insert(fact.check->id);
    }
    EXPECT_TRUE(
        std::ranges::any_of(shown, [](const std::string& id) { return id.ends_with(".root"); }));
    for (const attest::Check& check : a.checks) {
      EXPECT_TRUE(!is_register(check) || shown.contains(check.info->id)) << check.info->id;
    }
  }
}

// Whoever delivers a log can change it.
TEST(ConformanceWork, TheWorkOfAChangedLogSaysWhichDigestDoesNotHold) {
  std::size_t logs = 0;
  for (Vector& v : all_vectors()) {
    const auto log = std::ranges::find(v.collateral.documents, "ccel.bin", &attest::Document::name);
    if (log == v.collateral.documents.end()) continue;
    SCOPED_TRACE(v.name);
    ++logs;
    const Buffer genuine = log->bytes;
    std::set<std::string> failed;
    for (std::size_t at = 0; at < genuine.size(); at += 3) {
      log->bytes = genuine;
      log->bytes[at] ^= 4U;
      attest::Work work;
      const Appraisal a = Judge{}(v, v.evidence, v.time("at"), expected_of(v), &work);
      for (const attest::DigestFact& fact : work.digests) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
        if (fact.holds) continue;
        failed.insert(fact.check->id);
        EXPECT_EQ(a.check(fact.check->id)->outcome, Outcome::kFailed) << fact.check->id;
      }
    }
    EXPECT_EQ(failed.size(), 5U) << "four registers and a separator";
  }
  EXPECT_GT(logs, 0U);
}

TEST(ConformanceWork, TheWorkOfChangedEvidenceSaysWhichSignatureDoesNotHold) {
  for (const Vector& v : all_vectors()) {
    SCOPED_TRACE(v.name);
    for (std::size_t at = 0; at < v.evidence.size(); at += 101) {
      Buffer changed = v.evidence;
      changed[at] ^= 1U;
      attest::Work work;
      const Appraisal a = Judge{}(v, changed, v.time("at"), expected_of(v), &work);
      for (const attest::SignatureFact& fact : work.signatures) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
        const attest::Check* check = a.check(fact.check->id);
        EXPECT_TRUE(fact.holds || check->outcome != Outcome::kPassed) << fact.check->id;
      }
      for (const attest::DigestFact& fact : work.digests) {
        EXPECT_EQ(holds_again(work, fact), fact.holds) << fact.check->id << " at " << at;
      }
    }
  }
}

}  // namespace
}  // namespace ward
