#include "crypto/cipher.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

struct Known {
  const char* key;
  const char* ciphertext;
};

// NIST SP 800-38A sections F.5.5 and F.5.1, whole.
constexpr Known kKnown[] = {{"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
                             "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                             "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
                            {"2b7e151628aed2a6abf7158809cf4f3c",
                             "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
                             "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"}};

class AesCtrKnown : public testing::TestWithParam<Known> {};

TEST_P(AesCtrKnown, AgreesWithSp80038aHoweverTheDataIsCut) {
  const Buffer key = hex(GetParam().key);
  const auto counter = to_array<16>(hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"));
  const Buffer text =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
          "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710");
  const std::string want = GetParam().ciphertext;
  ASSERT_TRUE(counter);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto short_key = to_array<16>(key);
    auto ctr = short_key ? Result<AesCtr>(AesCtr::aes128(*short_key, *counter))
                         : AesCtr::create(key, *counter);
    ASSERT_TRUE(ctr);
    Buffer out = text;  // in place
    const std::span<std::uint8_t> all(out);
    ctr->apply(all.first(cut), all.first(cut));
    ctr->apply(all.subspan(cut), all.subspan(cut));
    EXPECT_EQ(to_hex(out), want) << cut;
  }
}

INSTANTIATE_TEST_SUITE_P(Sp80038a, AesCtrKnown, testing::ValuesIn(kKnown));

TEST(AesCtr, CarriesOverAll128BitsOfTheCounter) {
  const Buffer key(32, 3);
  std::array<std::uint8_t, 16> last{};
  last.fill(0xff);
  Buffer across(32);
  AesCtr::create(key, last)->apply(across, across);
  Buffer from_zero(16);
  AesCtr::create(key, std::array<std::uint8_t, 16>{})->apply(from_zero, from_zero);
  EXPECT_TRUE(equal(Bytes(across).subspan(16), from_zero));
}

TEST(AesCtr, RefusesKeysOfAnotherSize) {
  for (const std::size_t size : {0U, 16U, 31U, 33U}) {
    const auto ctr = AesCtr::create(Buffer(size), std::array<std::uint8_t, 16>{});
    ASSERT_FALSE(ctr);
    EXPECT_EQ(ctr.error().code(), Errc::kMalformed);
  }
}

// NIST SP 800-38A sections F.3.13 and F.3.17 (CFB128, AES-128 and AES-256), two blocks and a part.
TEST(AesCfb, AgreesWithSp80038aBothWays) {
  const auto iv = to_array<16>(hex("000102030405060708090a0b0c0d0e0f"));
  ASSERT_TRUE(iv);
  const Buffer text =
      hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46");
  constexpr Known kCfb[] = {
      {"2b7e151628aed2a6abf7158809cf4f3c",
       "3b3fd92eb72dad20333449f8e83cfb4ac8a64537a0b3a93fcde3cdad9f1ce58b26751f67"},
      {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
       "dc7e84bfda79164b7ecd8486985d386039ffed143b28b1c832113c6331e5407bdf101324"}};
  for (const Known& known : kCfb) {
    const auto sealed = aes_cfb_encrypt(hex(known.key), *iv, text);
    ASSERT_TRUE(sealed);
    EXPECT_EQ(to_hex(*sealed), known.ciphertext);
    const auto opened = aes_cfb_decrypt(hex(known.key), *iv, *sealed);
    ASSERT_TRUE(opened);
    EXPECT_TRUE(ct_equal(opened->expose(), text));
  }
  EXPECT_TRUE(aes_cfb_encrypt(Buffer(16), *iv, {})->empty());
  EXPECT_TRUE(aes_cfb_decrypt(Buffer(16), *iv, {})->empty());
}

TEST(AesCfb, RefusesKeysOfAnotherSize) {
  const std::array<std::uint8_t, 16> iv{};
  for (const std::size_t size : {0U, 15U, 17U, 24U, 33U}) {
    EXPECT_EQ(aes_cfb_encrypt(Buffer(size), iv, {}).error().code(), Errc::kMalformed);
    EXPECT_EQ(aes_cfb_decrypt(Buffer(size), iv, {}).error().code(), Errc::kMalformed);
  }
}

}  // namespace
}  // namespace ward::crypto
