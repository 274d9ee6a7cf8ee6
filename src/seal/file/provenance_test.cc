#include "seal/file/provenance.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "test/seal/fixture.h"
#include "token/ear.h"
#include "token/jwk.h"

namespace ward::seal {
namespace {

constexpr std::int64_t kNow = 1'700'000'000;
constexpr const char* kInitData = "version = \"0.1.0\"\nalgorithm = \"sha384\"\n";

class ProvenanceTest : public SealedFixture {
 protected:
  crypto::PrivateKey new_key() {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng_);
    EXPECT_TRUE(key.has_value());
    return *std::move(key);
  }

  token::EarSubmod accepted() {
    token::EarSubmod out;
    out.vector.hardware = 2;
    out.vector.executables = 2;
    out.tee = "sgx";
    out.runtime_data_json = R"({"nonce":"bm9uY2U=","tee-pubkey":)" +
                            token::to_json({keep_.public_key(), {}, "ECDH-ES+A256KW", {}, {}}) +
                            "}";
    const auto digest = crypto::sha384(as_bytes(kInitData));
    out.init_data.assign(digest.begin(), digest.end());
    out.verdict = "accepted";
    return out;
  }

  std::string token_of(std::vector<token::EarSubmod> submods,
                       std::int64_t issued = kNow - 100) const {
    token::Ear ear;
    ear.issuer = "https://broker";
    ear.issued = UnixTime{issued};
    ear.expires = UnixTime{issued + 600};
    ear.submods = std::move(submods);
    const token::JwsSigner signer{
        .algorithm = token::JwsAlgorithm::kEs256, .kid = "k", .sign = [this](Bytes message) {
          return broker_.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message);
        }};
    const auto token = token::sign_ear(signer, ear);
    EXPECT_TRUE(token.has_value());
    return *token;
  }

  SealRequest output(const std::string& token, Bytes plaintext, const crypto::PrivateKey& signer) {
    SealRequest out = request(plaintext.size());
    out.created = UnixTime{kNow};
    SignOutput sign;
    sign.provenance.token = token;
    sign.provenance.init_data = kInitData;
    sign.provenance.inputs = {{"model.pt", FileId{1}, Digest{2}}};
    sign.content = reader_of(plaintext, 1000);
    sign.sign = [&signer](Bytes message) {
      return signer.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message);
    };
    out.output = std::move(sign);
    return out;
  }

  Head head_of(const std::string& token) {
    const auto head = parse_head(sealed(as_bytes("out"), output(token, as_bytes("out"), keep_)));
    EXPECT_TRUE(head.has_value());
    return *head;
  }

  ProvenanceExpectations expectations() {
    return {.token_keys = keys_of_broker_,
            .issuer = std::string("https://broker"),
            .workload = crypto::sha384(as_bytes(kInitData)),
            .allow_development = false,
            .now = UnixTime{kNow + 1'000'000}};
  }

  std::optional<Fault> fault(const Head& head, const ProvenanceExpectations& expected) {
    const auto checked = check_provenance(head, expected);
    return checked ? std::nullopt : fault_of(checked.error());
  }

  std::optional<Fault> fault(const Head& head) { return fault(head, expectations()); }

  crypto::PrivateKey keep_ = new_key();
  crypto::PrivateKey broker_ = new_key();
  std::vector<token::JwsKey> keys_of_broker_ = {
      {token::JwsAlgorithm::kEs256, broker_.public_key(), "k"}};
};

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
  EXPECT_EQ(fault(head, expected), Fault::kTokenDenied);
  EXPECT_EQ(fault(head_of("not.a.token")), Fault::kTokenUntrusted);
}

TEST_F(ProvenanceTest, ATokenThatWasNotValidWhenTheOutputWasMadeIsRefused) {
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - 600 - kClockSkewSeconds + 1))),
            std::nullopt);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow - 600 - kClockSkewSeconds))),
            Fault::kTokenStale);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow + kClockSkewSeconds))), std::nullopt);
  EXPECT_EQ(fault(head_of(token_of({accepted()}, kNow + kClockSkewSeconds + 1))),
            Fault::kTokenStale);
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

TEST_F(ProvenanceTest, ADevelopmentPlatformIsRefusedUnlessTheReceiverAllowsIt) {
  auto submod = accepted();
  submod.development = true;
  submod.vector.hardware = 32;
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

TEST_F(ProvenanceTest, AFileThatIsNoOutputHasNoProvenance) {
  const auto head = parse_head(sealed(as_bytes("x")));
  EXPECT_EQ(fault(*head), Fault::kNoProvenance);
}

}  // namespace
}  // namespace ward::seal
