#include "seal/file/provenance.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "test/seal/provenance_fixture.h"

namespace ward::seal {
namespace {

TEST_F(ProvenanceTest, AnOutputOfAnAcceptedKeepIsProvedAlsoWhenItsTokenHasExpired) {
  const Head head = head_of(token_of({accepted()}));
  const auto checked = check_provenance(head, expectations());
  ASSERT_TRUE(checked.has_value()) << checked.error().what();
  EXPECT_EQ(checked->workload, crypto::sha384(as_bytes(kInitData)));
  EXPECT_EQ(checked->created.seconds, kNow);
  EXPECT_FALSE(checked->development);
}

TEST_F(ProvenanceTest, AnOutputOpensAndItsContentIsTheSignedOne) {
  const Buffer plaintext = some_bytes(segment_plaintext_bytes(0) + 5000);
  const Buffer file = sealed(plaintext, output(token_of({accepted()}), plaintext, keep_));
  Buffer out;
  ASSERT_TRUE(open(file, credentials(), out).has_value());
  EXPECT_TRUE(equal(out, plaintext));
}

// Whoever holds the file key can write a body under the signed header; the content tells.
TEST_F(ProvenanceTest, AnotherContentUnderASignedHeaderIsRefused) {
  const Bytes plaintext = as_bytes("negative");
  const Buffer file = sealed(plaintext, output(token_of({accepted()}), plaintext, keep_));
  const auto head = parse_head(file);
  const auto key = unlock(*head, credentials());
  ASSERT_TRUE(key.has_value());
  auto cipher = SegmentCipher::draw(key->secret, head->octets, rng_);
  Buffer body = to_buffer(cipher->header());
  Buffer segment(plaintext.size() + crypto::kAeadTagBytes);
  ASSERT_TRUE(cipher->seal(0, true, as_bytes("positive"), segment).has_value());
  body.insert(body.end(), segment.begin(), segment.end());
  Buffer out;
  EXPECT_EQ(fault_in(open_body(*head, *key, reader_of(body), writer_to(out))),
            Fault::kContentChanged);
}

TEST_F(ProvenanceTest, WhatChangesBetweenTheTwoReadingsIsNotSealed) {
  auto wanted = output(token_of({accepted()}), as_bytes("first"), keep_);
  Buffer out;
  const auto head = seal(wanted, rng_, reader_of(as_bytes("secnd")), writer_to(out));
  ASSERT_FALSE(head.has_value());
  EXPECT_EQ(fault_of(head.error()), Fault::kContentChanged);
}

TEST_F(ProvenanceTest, ASignatureOfAnotherKeyIsRefused) {
  const auto forger = new_key();
  const std::string token = token_of({accepted()});
  const auto head = parse_head(sealed(as_bytes("o"), output(token, as_bytes("o"), forger)));
  EXPECT_EQ(fault(*head), Fault::kSignature);
}

TEST_F(ProvenanceTest, AFlippedBitOfTheSignatureOrTheSignedHeaderIsRefused) {
  Head head = head_of(token_of({accepted()}));
  for (std::size_t i = 0; i < kSignatureBytes; ++i) {
    (*head.signature)[i] ^= 1U;
    ASSERT_EQ(fault(head), Fault::kSignature) << i;
    (*head.signature)[i] ^= 1U;
  }
  head.octets.back() ^= 1U;
  EXPECT_EQ(fault(head), Fault::kSignature);
  head.octets.back() ^= 1U;
  head.signature.reset();
  EXPECT_EQ(fault(head), Fault::kSignature);
}

TEST_F(ProvenanceTest, ATokenThatBindsNoKeyOrAnotherKindOfKeyIsRefused) {
  auto submod = accepted();
  submod.runtime_data_json = R"({"nonce":"bm9uY2U="})";
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kSignature);
  submod.runtime_data_json = R"({"tee-pubkey":{"kty":"OKP","crv":"Ed25519","x":"AA"}})";
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kSignature);
}

TEST_F(ProvenanceTest, ATokenOfAnotherProfileIsRefused) {
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - 100, token::EarProfile::kIetf))),
            Fault::kTokenUntrusted);
}

TEST_F(ProvenanceTest, ATokenOfAnotherVerifierIsRefused) {
  const Head head = head_of(token_of({accepted()}));
  auto expected = expectations();
  const auto other = new_key();
  const std::vector<token::JwsKey> others = {
      {token::JwsAlgorithm::kEs256, other.public_key(), "k"}};
  expected.token_keys = others;
  EXPECT_EQ(fault(head, expected), Fault::kTokenUntrusted);
  expected.token_keys = {};
  EXPECT_EQ(fault(head, expected), Fault::kTokenUntrusted);
  expected = expectations();
  expected.issuer = std::string("https://other");
  EXPECT_EQ(fault(head, expected), Fault::kTokenIssuer);
  EXPECT_EQ(fault(head_of("not.a.token")), Fault::kTokenUntrusted);
}

TEST_F(ProvenanceTest, ATokenThatWasNotValidWhenTheOutputWasMadeIsRefused) {
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow + kClockSkewSeconds))), std::nullopt);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow + kClockSkewSeconds + 1))),
            Fault::kTokenStale);
}

// A token of 600 s, an output made when it had expired: up to a week ago, as long as a run lasts.
TEST_F(ProvenanceTest, AnOutputOfALongRunOpensAndOfALongerOneThanThereIsDoesNot) {
  const std::int64_t longest = 600 + kTokenExpiryGraceSeconds + kClockSkewSeconds;
  EXPECT_EQ(kTokenExpiryGraceSeconds, 604'800);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - 600 - kTokenExpiryGraceSeconds))),
            std::nullopt);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - longest + 1))), std::nullopt);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - longest))), Fault::kTokenStale);
}

TEST_F(ProvenanceTest, AnOutputFromTheFutureIsRefused) {
  const Head head = head_of(token_of({accepted()}));
  auto expected = expectations();
  expected.now = UnixTime{kNow - kClockSkewSeconds};
  EXPECT_EQ(fault(head, expected), std::nullopt);
  expected.now.seconds -= 1;
  EXPECT_EQ(fault(head, expected), Fault::kTokenStale);
}

TEST_F(ProvenanceTest, AKeepThatWasNotAcceptedIsRefused) {
  auto submod = accepted();
  submod.verdict = "refused";
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kTokenDenied);
  auto second = accepted();
  second.name = "cpu1";
  EXPECT_EQ(fault(head_of(token_of({accepted(), second}))), Fault::kTokenDenied);
}

TEST_F(ProvenanceTest, TheStatusMustBeAffirmingUnlessTheReceiverAllowsAWarning) {
  auto allowing = expectations();
  allowing.allow_warning = true;
  auto submod = accepted();
  submod.vector.hardware = 32;
  const Head warned = head_of(token_of({submod}));
  EXPECT_EQ(fault(warned), Fault::kTokenWarning);
  EXPECT_EQ(fault(warned, allowing), std::nullopt);
  submod.vector.hardware = 97;
  const Head contraindicated = head_of(token_of({submod}));
  EXPECT_EQ(fault(contraindicated), Fault::kTokenDenied);
  EXPECT_EQ(fault(contraindicated, allowing), Fault::kTokenDenied);
}

TEST_F(ProvenanceTest, ATokenThatLeftSomethingUncheckedIsRefused) {
  auto submod = accepted();
  submod.unchecked = {"report_data"};
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kTokenDenied);
}

TEST_F(ProvenanceTest, ADevelopmentPlatformIsRefusedUnlessTheReceiverAllowsIt) {
  auto submod = accepted();
  submod.development = true;
  submod.vector.hardware = 97;  // as the broker says it: never genuine, so the status is the worst
  const Head head = head_of(token_of({submod}));
  EXPECT_EQ(fault(head), Fault::kDevelopment);
  auto expected = expectations();
  expected.allow_development = true;
  const auto checked = check_provenance(head, expected);
  ASSERT_TRUE(checked.has_value());
  EXPECT_TRUE(checked->development);
}

TEST_F(ProvenanceTest, AnotherWorkloadIsRefusedAndNotAskingIsSpelt) {
  const Head head = head_of(token_of({accepted()}));
  auto expected = expectations();
  std::get<Workload>(expected.workload)[0] ^= 1U;
  EXPECT_EQ(fault(head, expected), Fault::kWorkload);
  expected.workload = token::Unchecked{};
  EXPECT_EQ(fault(head, expected), std::nullopt);
}

TEST_F(ProvenanceTest, ATokenThatNamesOtherInitDataOrNoneIsRefused) {
  auto submod = accepted();
  submod.init_data[0] ^= 1U;
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kInitData);
  submod.init_data.pop_back();
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kInitData);
  submod.init_data.clear();
  EXPECT_EQ(fault(head_of(token_of({submod}))), Fault::kInitData);
}

TEST_F(ProvenanceTest, AnInputThatIsNotTheExpectedOneIsRefused) {
  const Head head = head_of(token_of({accepted()}));
  auto expected = expectations();
  const ExpectedInput right[] = {{"model.pt", FileId{1}}};
  expected.inputs = right;
  EXPECT_EQ(fault(head, expected), std::nullopt);
  const ExpectedInput other_id[] = {{"model.pt", FileId{1}}, {"model.pt", FileId{2}}};
  expected.inputs = other_id;
  EXPECT_EQ(fault(head, expected), Fault::kInputs);
  const ExpectedInput other_name[] = {{"model", FileId{1}}};
  expected.inputs = other_name;
  EXPECT_EQ(fault(head, expected), Fault::kInputs);
}

TEST_F(ProvenanceTest, TwoInputsOfOneNameAreRefusedWhereOneIsAnother) {
  auto sealing = output(token_of({accepted()}), as_bytes("o"), keep_);
  sealing.output->provenance.inputs = {{"in", FileId{1}, {}}, {"in", FileId{2}, {}}};
  const auto head = parse_head(sealed(as_bytes("o"), sealing));
  ASSERT_TRUE(head.has_value());
  auto expected = expectations();
  const ExpectedInput first[] = {{"in", FileId{1}}};
  expected.inputs = first;
  EXPECT_EQ(fault(*head, expected), Fault::kInputs);
}

TEST_F(ProvenanceTest, AFileThatIsNoOutputHasNoProvenance) {
  const auto head = parse_head(sealed(as_bytes("x")));
  EXPECT_EQ(fault(*head), Fault::kNoProvenance);
}

}  // namespace
}  // namespace ward::seal
