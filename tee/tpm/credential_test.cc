#include "tee/tpm/credential.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace ward::tpm {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

template <class T>
std::optional<Errc> code(const Result<T>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

Buffer name_of_key(std::uint8_t octet) {
  Buffer out(34, octet);
  out[0] = 0;
  out[1] = 0x0b;
  return out;
}

const std::vector<PrivateKey>& keys() {
  static const std::vector<PrivateKey> kKeys = [] {
    crypto::SeededRng rng(as_bytes("credential"));
    std::vector<PrivateKey> out;
    out.push_back(*PrivateKey::generate_rsa(2048));
    out.push_back(*PrivateKey::generate(KeyType::kP256, rng));
    out.push_back(*PrivateKey::generate(KeyType::kP384, rng));
    return out;
  }();
  return kKeys;
}

constexpr std::string_view kSecret = "a secret of thirty-two octets...";

// github.com/chrisfenner/tpm-test-vectors, vectors/ecc_labeled_encaps.json,
// 12_P256_SHA256_256_restricted: validated there by TPM2_ActivateCredential.
TEST(TpmCredential, SeedsOnP256AgreeWithPublishedVectors) {
  const auto ephemeral = PrivateKey::from_ec_scalar(
      KeyType::kP256, hex("9efafbaf83563f8ac5a27815eae1017ca78c92f9cde976b1a2e0ad95b8a19bc1"));
  const Buffer ek =
      hex("fe4cf1f3e8f583c19e1af6190a7c20751658914a93cd77efb871cb1557377560"
          "07b6b7c55bea1d17b1a9d96f367cf315b2942d517fd8642e9d9157036831c4d5");
  const auto peer = crypto::PublicKey::from_p256_xy(ek);
  ASSERT_TRUE(ephemeral && peer);
  const Buffer point = ephemeral->public_key().to_ec_xy();
  EXPECT_EQ(to_hex(point),
            "17ca41bd94c7f12436cf135ff1852408ef6a1ee1989e4e6250ef73c348dd6fa9"
            "346f6016d6f6a2ef8e07df6d7b53b362005fc21cda1e1ab25e61f38a87e017b8");
  const auto seed = agreed_seed(*ephemeral, *peer, point, ek);
  ASSERT_TRUE(seed);
  EXPECT_EQ(to_hex(seed->expose()),
            "2a03ff2b874e44d36a567e67a0bf08227b9e65a0e9ca5215d4a9e573c23159a1");
}

TEST(TpmCredential, OfTpm2ToolsOpen) {
  const auto recorded = test::source_dir() / "tee/tpm/testdata/recorded";
  for (const std::string kind : {"rsa", "ecc"}) {
    const auto key =
        PrivateKey::from_pkcs8(test::read_file(recorded / ("credential_" + kind + "_key.der")));
    const Buffer file = test::read_file(recorded / ("credential_" + kind + ".bin"));
    const auto credential = read_credential(file);
    ASSERT_TRUE(key && credential) << kind;
    EXPECT_EQ(write_credential(*credential), file) << kind;
    const auto opened = open_credential(*key, name_of_key(0xab), *credential);
    ASSERT_TRUE(opened) << kind;
    EXPECT_EQ(as_text(opened->expose()), kSecret) << kind;
  }
}

TEST(TpmCredential, OpensForItsKeyAndItsNameAlone) {
  crypto::SystemRng rng;
  for (const PrivateKey& ek : keys()) {
    const auto made = make_credential(ek.public_key(), name_of_key(1), as_bytes(kSecret), rng);
    ASSERT_TRUE(made);
    EXPECT_EQ(*read_credential(write_credential(*made)), *made);
    const auto opened = open_credential(ek, name_of_key(1), *made);
    ASSERT_TRUE(opened);
    EXPECT_EQ(as_text(opened->expose()), kSecret);
    EXPECT_EQ(code(open_credential(ek, name_of_key(2), *made)), Errc::kUntrusted);
    for (const PrivateKey& other : keys()) {
      if (&other != &ek) {
        EXPECT_TRUE(code(open_credential(other, name_of_key(1), *made)).has_value());
      }
    }
    for (std::size_t i = 0; i < made->blob.size(); ++i) {
      Credential bad = *made;
      bad.blob[i] ^= 1U;
      EXPECT_TRUE(code(open_credential(ek, name_of_key(1), bad)).has_value()) << i;
    }
    for (const std::size_t i : {std::size_t{0}, made->secret.size() - 1}) {
      Credential bad = *made;
      bad.secret[i] ^= 1U;
      EXPECT_TRUE(code(open_credential(ek, name_of_key(1), bad)).has_value()) << i;
    }
  }
}

TEST(TpmCredential, HasItsLimits) {
  crypto::SystemRng rng;
  const auto make = [&](const crypto::PublicKey& ek, std::size_t name, std::size_t secret) {
    return code(make_credential(ek, Buffer(name), Buffer(secret), rng));
  };
  const crypto::PublicKey& rsa = keys()[0].public_key();
  EXPECT_EQ(make(rsa, 34, 0), Errc::kLimit);
  EXPECT_EQ(make(rsa, 34, 1), std::nullopt);
  EXPECT_EQ(make(rsa, 34, 32), std::nullopt);
  EXPECT_EQ(make(rsa, 34, 33), Errc::kLimit);
  EXPECT_EQ(make(keys()[2].public_key(), 34, 48), std::nullopt);
  EXPECT_EQ(make(rsa, 2, 32), Errc::kMalformed);
  EXPECT_EQ(make(rsa, kMaxName, 32), std::nullopt);
  EXPECT_EQ(make(rsa, kMaxName + 1, 32), Errc::kMalformed);
  const auto p521 = PrivateKey::generate(KeyType::kP521, rng);
  EXPECT_EQ(make(p521->public_key(), 34, 32), Errc::kUnsupported);
  const auto larger = PrivateKey::generate_rsa(3072);
  EXPECT_EQ(make(larger->public_key(), 34, 32), Errc::kUnsupported);
}

TEST(TpmCredential, AFileIsReadWhole) {
  const Buffer file = write_credential({.blob = Buffer(68, 1), .secret = Buffer(256, 2)});
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(code(read_credential(Bytes(file).first(size))), Errc::kTruncated) << size;
  }
  EXPECT_EQ(code(read_credential(concat({file, Buffer(1)}))), Errc::kMalformed);
  for (std::size_t i = 0; i < 8; ++i) {
    Buffer bad = file;
    bad[i] ^= 1U;
    EXPECT_EQ(code(read_credential(bad)), Errc::kMalformed) << i;
  }
  EXPECT_TRUE(read_credential(write_credential({.blob = Buffer(512), .secret = {}})));
  EXPECT_FALSE(read_credential(write_credential({.blob = Buffer(513), .secret = {}})));
}

TEST(TpmCredential, AChallengeKeepsTheKeyBesideTheSecret) {
  const Challenge made{.secret = SecretBytes::copy_of(as_bytes(kSecret)), .ak = Buffer(90, 3)};
  const SecretBytes file = write_challenge(made);
  const auto read = read_challenge(file.expose());
  ASSERT_TRUE(read);
  EXPECT_TRUE(ct_equal(read->secret.expose(), as_bytes(kSecret)));
  EXPECT_EQ(read->ak, made.ak);
  for (std::size_t size = 0; size < file.size(); ++size) {
    EXPECT_EQ(code(read_challenge(file.expose().first(size))), Errc::kTruncated) << size;
  }
  EXPECT_EQ(code(read_challenge(concat({file.expose(), Buffer(1)}))), Errc::kMalformed);
  EXPECT_EQ(code(read_challenge(as_bytes("WARDTPC2"))), Errc::kMalformed);
  for (const std::size_t size : {0U, 31U, 33U}) {
    const SecretBytes other = write_challenge({.secret = SecretBytes(size), .ak = {}});
    EXPECT_EQ(code(read_challenge(other.expose())), Errc::kMalformed) << size;
  }
}

TEST(TpmCredential, AKeyThatIsNoAkIsNotChallenged) {
  Public area = public_of(keys()[1].public_key(), kAkDemanded | attribute::kUserWithAuth,
                          alg::kEcdsa, alg::kSha256);
  EXPECT_EQ(ak_fault(area), "");
  for (std::uint32_t bit = 0; bit < 32; ++bit) {
    if ((kAkDemanded >> bit & 1U) == 0) continue;
    Public bad = area;
    bad.attributes &= ~(1U << bit);
    EXPECT_NE(ak_fault(bad), "") << bit;
  }
  Public decrypting = area;
  decrypting.attributes |= attribute::kDecrypt;
  EXPECT_NE(ak_fault(decrypting), "");
  // Two keys of one name could be made: one that is shown, another that is loaded.
  for (const std::uint16_t hash : {alg::kSha1, alg::kNull}) {
    Public named = area;
    named.name_alg = hash;
    EXPECT_NE(ak_fault(named), "");
  }
}

}  // namespace
}  // namespace ward::tpm
