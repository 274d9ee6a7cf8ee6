#include "crypto/aead.h"

#include <algorithm>
#include <array>

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

constexpr AeadAlgorithm kAll[] = {AeadAlgorithm::kAes128Gcm, AeadAlgorithm::kAes256Gcm,
                                  AeadAlgorithm::kChaCha20Poly1305};
constexpr std::array<std::uint8_t, kAeadNonceBytes> kNonce = {1, 2, 3, 4,  5,  6,
                                                              7, 8, 9, 10, 11, 12};

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

Aead make(AeadAlgorithm algorithm) {
  return *Aead::create(algorithm, Buffer(aead_key_bytes(algorithm), 0x42));
}

std::optional<Errc> code(const Result<SecretBytes>& r) {
  return r ? std::nullopt : std::optional(r.error().code());
}

// McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test cases 4 and 16.
TEST(Aead, AgreesWithTheGcmSpecification) {
  const Buffer text =
      hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const Buffer aad = hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto nonce = to_array<12>(hex("cafebabefacedbaddecaf888"));
  ASSERT_TRUE(nonce);
  auto aes128 = Aead::create(AeadAlgorithm::kAes128Gcm, hex("feffe9928665731c6d6a8f9467308308"));
  auto aes256 = Aead::create(AeadAlgorithm::kAes256Gcm, hex("feffe9928665731c6d6a8f9467308308"
                                                            "feffe9928665731c6d6a8f9467308308"));
  ASSERT_TRUE(aes128 && aes256);
  EXPECT_EQ(to_hex(*aes128->seal(*nonce, aad, text)),
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
            "5bc94fbc3221a5db94fae95ae7121a47");
  EXPECT_EQ(to_hex(*aes256->seal(*nonce, aad, text)),
            "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
            "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
            "76fc6ece0f4e1768cddf8853bb2d551b");
}

TEST(Aead, OpensWhatItSealsAndNothingAltered) {
  for (const AeadAlgorithm algorithm : kAll) {
    Aead aead = make(algorithm);
    const Buffer aad = hex("aabb");
    Buffer sealed = *aead.seal(kNonce, aad, as_bytes("the plaintext"));
    const auto opened = aead.open(kNonce, aad, sealed);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(ct_equal(opened->expose(), as_bytes("the plaintext")));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      sealed[i] ^= 1U;
      EXPECT_EQ(code(aead.open(kNonce, aad, sealed)), Errc::kUntrusted) << i;
      sealed[i] ^= 1U;
      EXPECT_EQ(code(aead.open(kNonce, aad, Bytes(sealed).first(i))),
                i < kAeadTagBytes ? Errc::kTruncated : Errc::kUntrusted)
          << i;
    }
    auto nonce = kNonce;
    nonce[11] ^= 1U;
    EXPECT_EQ(code(aead.open(nonce, aad, sealed)), Errc::kUntrusted);
    EXPECT_EQ(code(aead.open(kNonce, Bytes(aad).first(1), sealed)), Errc::kUntrusted);
    EXPECT_EQ(code(aead.open(kNonce, {}, sealed)), Errc::kUntrusted);
    EXPECT_EQ(code(aead.open(kNonce, aad, sealed)), std::nullopt) << "usable after refusals";
  }
}

TEST(Aead, SealsNothingAndManyMessagesUnderOneKey) {
  for (const AeadAlgorithm algorithm : kAll) {
    Aead aead = make(algorithm);
    for (std::uint8_t i = 0; i < 50; ++i) {
      auto nonce = kNonce;
      nonce[0] = i;
      const Buffer text(i, i);
      const Buffer sealed = *aead.seal(nonce, {}, text);
      EXPECT_EQ(sealed.size(), text.size() + kAeadTagBytes);
      Aead fresh = make(algorithm);
      const auto opened = fresh.open(nonce, {}, sealed);
      ASSERT_TRUE(opened);
      EXPECT_TRUE(ct_equal(opened->expose(), text));
    }
  }
}

TEST(Aead, WorksInPlaceAndWipesWhatDoesNotAuthenticate) {
  for (const AeadAlgorithm algorithm : kAll) {
    Aead aead = make(algorithm);
    const Buffer text(100, 0x37);
    Buffer data = text;
    std::array<std::uint8_t, kAeadTagBytes> auth{};
    ASSERT_TRUE(aead.seal_detached(kNonce, {}, data, data, auth));
    EXPECT_NE(data, text);
    Buffer copy = data;
    ASSERT_TRUE(aead.open_detached(kNonce, {}, copy, auth, copy));
    EXPECT_EQ(copy, text);
    auth[0] ^= 1U;
    const auto refused = aead.open_detached(kNonce, {}, data, auth, data);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::kUntrusted);
    EXPECT_TRUE(all_zero(data));
  }
}

TEST(Aead, RefusesKeysOfAnotherSize) {
  for (const AeadAlgorithm algorithm : kAll) {
    for (const std::size_t size : {std::size_t{0}, aead_key_bytes(algorithm) - 1,
                                   aead_key_bytes(algorithm) + 1, std::size_t{24}}) {
      const auto aead = Aead::create(algorithm, Buffer(size));
      ASSERT_FALSE(aead) << size;
      EXPECT_EQ(aead.error().code(), Errc::kMalformed);
    }
  }
}

}  // namespace
}  // namespace ward::crypto
