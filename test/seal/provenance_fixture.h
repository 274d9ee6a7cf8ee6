#pragma once

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "seal/file/provenance.h"
#include "test/seal/fixture.h"
#include "token/ear.h"
#include "token/jwk.h"

namespace ward::seal {

inline constexpr std::int64_t kNow = 1'700'000'000;
inline constexpr const char* kInitData = "version = \"0.1.0\"\nalgorithm = \"sha384\"\n";

// ProvenanceTest has a keep, and a broker whose tokens say that the keep was accepted.
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

  std::string token_of(std::vector<token::EarSubmod> submods, std::int64_t issued = kNow - 100,
                       token::EarProfile profile = token::EarProfile::kTrustee) const {
    token::Ear ear;
    ear.issuer = "https://broker";
    ear.issued = UnixTime{issued};
    ear.expires = UnixTime{issued + 600};
    ear.submods = std::move(submods);
    const token::JwsSigner signer{
        .algorithm = token::JwsAlgorithm::kEs256, .kid = "k", .sign = [this](Bytes message) {
          return broker_.sign_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, message);
        }};
    const auto token = token::sign_ear(signer, ear, profile);
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
            .inputs = {},
            .allow_warning = false,
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

}  // namespace ward::seal
