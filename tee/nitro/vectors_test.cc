// Real attestation documents of AWS Nitro Enclaves, each with its right verdict.
//
// Established by hand (python-cryptography: every signature of the chain and the ES384 signature of
// the Sig_structure; root by its SHA-256): all four chains are AWS's. Three documents are signed by
// their certificate's key, one is not. One is of an enclave in debug mode.
#include "test/support/vectors.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tee/nitro/document.h"
#include "tee/nitro/scheme.h"

namespace ward::nitro {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

// dstack's files are SCALE: a version and a kind, the compact length of what follows in four
// octets, the document, and, where they are whole attestations, other parts behind it.
Buffer unwrapped(const std::string& file) {
  Buffer all = test::read_file(test::vectors_dir() / "nitro" / file);
  if (all.size() < 4 || all[0] != 0x00) return all;
  const std::size_t size = (std::size_t{all[2]} | std::size_t{all[3]} << 8U) >> 2U;
  EXPECT_LE(4 + size, all.size());
  return Buffer(all.begin() + 4, all.begin() + 4 + static_cast<std::ptrdiff_t>(size));
}

struct Real {
  const char* file;
  const char* at;  // inside the validity of all certificates
  const char* before;
  const char* after;
  const char* module_id;
  const char* user_data;  // its first octets
  Ids failed;
};

const Real kReal[] = {{"dstack_nitro_attestation.bin",
                       "2025-12-25T16:04:19Z",
                       "2025-12-25T16:04:15Z",
                       "2025-12-25T19:04:20Z",
                       "i-0827e799ec9232d44-enc019b5640fdf630d6",
                       "e3b0c44298fc1c14",
                       {}},
                      {"dstack_nitro_attestation_dbg.bin",
                       "2025-12-25T08:20:46Z",
                       "2025-12-25T08:20:42Z",
                       "2025-12-25T11:20:47Z",
                       "i-0fd3fdaad4e904e69-enc019b54988b2d89ba",
                       "0000000000000000",
                       {"nitro.pcrs.debug"}},
                      {"dstack_nsm_nitro_attestation.bin",
                       "2025-12-25T13:15:37Z",
                       "2025-12-25T13:15:33Z",
                       "2025-12-25T16:15:38Z",
                       "i-0827e799ec9232d44-enc019b55a68bd2ed4b",
                       "0000000000000000",
                       {}},
                      {"veracruz_doc_bad_sig.cbor",
                       "2022-11-09T22:52:00Z",
                       "2022-11-09T22:51:56Z",
                       "2022-11-10T01:52:01Z",
                       "i-04fd167167daacf3b-enc01845e97d0b3eb4e",
                       "7c37108079b3e8a3",
                       {"nitro.document.signature"}}};

Appraisal judged(Bytes evidence, const char* at, const attest::Expectations& expected = {}) {
  const Nitro scheme;
  const auto anchors = scheme.info().anchors;
  const attest::Collateral none;
  attest::Findings findings;
  const UnixTime now = *parse_rfc3339(at);
  EXPECT_TRUE(scheme.verify(
      {.evidence = evidence, .collateral = none, .anchors = anchors, .now = now}, findings));
  return attest::appraise(std::move(findings), {}, expected, now);
}

TEST(NitroVectors, EachHasItsRightVerdict) {
  WARD_NEED_VECTORS();
  for (const Real& real : kReal) {
    SCOPED_TRACE(real.file);
    const Buffer evidence = unwrapped(real.file);
    EXPECT_EQ(Nitro{}.recognises(evidence), attest::Recognition::kSure);
    const Appraisal a = judged(evidence, real.at);
    EXPECT_EQ(a.failed(), real.failed);
    EXPECT_EQ(a.verdict, real.failed.empty() ? Verdict::kAccepted : Verdict::kRefused);
    EXPECT_FALSE(a.development);
    EXPECT_EQ(to_hex(a.facts.report_data).substr(0, 16), real.user_data);
    EXPECT_EQ(std::get<std::string>(a.claims.front().value), real.module_id);
    EXPECT_TRUE(a.facts.signer.empty());  // none of these images is signed
  }
  test::report_vectors("nitro-doc", std::size(kReal), std::size(kReal), 0);
}

TEST(NitroVectors, OutsideTheirThreeHoursTheyAreRefused) {
  WARD_NEED_VECTORS();
  for (const Real& real : kReal) {
    SCOPED_TRACE(real.file);
    const Buffer evidence = unwrapped(real.file);
    const auto early = judged(evidence, real.before).failed();
    EXPECT_NE(std::ranges::count(early, "nitro.chain.not_before"), 0);
    const auto late = judged(evidence, real.after).failed();
    EXPECT_NE(std::ranges::count(late, "nitro.chain.not_after"), 0);
  }
}

// What the manifest says of the first document's image.
TEST(NitroVectors, TheMeasurementIsTheImages) {
  WARD_NEED_VECTORS();
  const Buffer evidence = unwrapped(kReal[0].file);
  const Appraisal a = judged(evidence, kReal[0].at);
  EXPECT_EQ(to_hex(a.facts.measurement).substr(0, 32), "eb7d0dab08ff41546d7e5659aee883af");
  attest::Expectations expected{a.facts.report_data.empty()
                                    ? attest::Expected(attest::Unchecked{})
                                    : std::vector<Buffer>{a.facts.report_data},
                                std::vector<Buffer>{a.facts.measurement}, attest::Unchecked{}};
  EXPECT_EQ(judged(evidence, kReal[0].at, expected).verdict, Verdict::kAccepted);
  std::get<1>(expected.measurement)[0][0] ^= 1U;
  EXPECT_EQ(judged(evidence, kReal[0].at, expected).failed(), Ids{"nitro.measurement.expected"});
}

TEST(NitroVectors, AFlippedBitIsRefused) {
  WARD_NEED_VECTORS();
  const Buffer evidence = unwrapped(kReal[0].file);
  for (std::size_t i = 0; i < evidence.size(); i += 7) {
    Buffer changed = evidence;
    changed[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    EXPECT_EQ(judged(changed, kReal[0].at).verdict, Verdict::kRefused) << i;
  }
}

// The module writes maps of indefinite length; what ward writes is read again to the same.
TEST(NitroVectors, WhatIsReadIsWrittenAndReadAgain) {
  WARD_NEED_VECTORS();
  for (const Real& real : kReal) {
    const Buffer evidence = unwrapped(real.file);
    const auto parsed = parse_document(evidence);
    ASSERT_TRUE(std::holds_alternative<Document>(parsed)) << real.file;
    const Buffer payload = *write_payload(std::get<Document>(parsed));
    token::CoseSign1 message = std::get<Document>(parsed).message;
    message.payload = payload;
    const Buffer written = token::write_cose_sign1(message);
    const auto again = parse_document(written);
    ASSERT_TRUE(std::holds_alternative<Document>(again)) << real.file;
    EXPECT_EQ(*write_payload(std::get<Document>(again)), payload) << real.file;
  }
}

}  // namespace
}  // namespace ward::nitro
