#include "seal/file/body.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "seal/file/sealed_file.h"
#include "test/seal/fixture.h"
#include "test/support/vectors.h"

namespace ward::seal {
namespace {

// Bodies that Tink wrote (test/seal/testdata/SOURCE.md): key 000102..1f, associated data "header",
// plaintext the octets i * 7 + i / 251 mod 256.
Buffer tink_plaintext(std::size_t size) {
  Buffer out(size);
  for (std::size_t i = 0; i < size; ++i)
    out[i] = static_cast<std::uint8_t>((i * 7 + i / 251) & 255U);
  return out;
}

Secret<32> tink_key() {
  Secret<32> key;
  for (std::size_t i = 0; i < 32; ++i)
    key.expose_mut()[i] = static_cast<std::uint8_t>(i);
  return key;
}

Result<Buffer> open_whole(Bytes body, Bytes associated_data) {
  const auto header = to_array<kBodyHeaderBytes>(body.first(kBodyHeaderBytes));
  WARD_TRY(SegmentCipher cipher, SegmentCipher::from_header(tink_key(), associated_data, *header));
  Buffer out;
  body = body.subspan(kBodyHeaderBytes);
  for (std::uint32_t number = 0; !body.empty(); ++number) {
    const std::size_t most = segment_plaintext_bytes(number) + crypto::kAeadTagBytes;
    const Bytes sealed = body.first(std::min(most, body.size()));
    body = body.subspan(sealed.size());
    Buffer plain(sealed.size() - crypto::kAeadTagBytes);
    WARD_CHECK_OK(cipher.open(number, body.empty(), sealed, plain));
    out.insert(out.end(), plain.begin(), plain.end());
  }
  return out;
}

TEST(Body, OpensWhatTinkWrote) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{1000}}) {
    const auto path =
        test::source_dir() / "test/seal/testdata" / ("tink_" + std::to_string(size) + ".bin");
    const Buffer body = test::read_file(path);
    ASSERT_EQ(body.size(), body_size(size));
    const auto plain = open_whole(body, as_bytes("header"));
    ASSERT_TRUE(plain.has_value());
    EXPECT_TRUE(equal(*plain, tink_plaintext(size)));
    const auto other = open_whole(body, as_bytes("headers"));
    ASSERT_FALSE(other.has_value());
    EXPECT_EQ(other.error().code(), Errc::kUntrusted);
  }
}

TEST(Body, TheHeaderBeginsWithItsSize) {
  std::array<std::uint8_t, kBodyHeaderBytes> header{};
  for (const std::uint8_t first : {std::uint8_t{39}, std::uint8_t{41}, std::uint8_t{0}}) {
    header[0] = first;
    const auto cipher = SegmentCipher::from_header(tink_key(), {}, header);
    ASSERT_FALSE(cipher.has_value());
    EXPECT_EQ(cipher.error().code(), Errc::kMalformed);
  }
}

TEST(Body, ASegmentOpensInItsPlaceOnly) {
  crypto::SeededRng rng(as_bytes("body"));
  auto cipher = SegmentCipher::draw(tink_key(), as_bytes("a"), rng);
  ASSERT_TRUE(cipher.has_value());
  Buffer sealed(20);
  ASSERT_TRUE(cipher->seal(0x01020304, false, as_bytes("four"), sealed).has_value());
  Buffer plain(4);
  EXPECT_TRUE(cipher->open(0x01020304, false, sealed, plain).has_value());
  EXPECT_EQ(as_text(plain), "four");
  EXPECT_EQ(cipher->open(0x01020304, true, sealed, plain).error().code(), Errc::kUntrusted);
  for (const std::uint32_t other : {0x01020305U, 0x00020304U, 0x04030201U})
    EXPECT_EQ(cipher->open(other, false, sealed, plain).error().code(), Errc::kUntrusted);
}

TEST(Body, AnAssociatedDataLongerThanTheLibrarysOwnBoundIsWhole) {
  crypto::SeededRng rng(as_bytes("body"));
  Buffer header(kMaxHeaderBytes, 7);
  auto cipher = SegmentCipher::draw(tink_key(), header, rng);
  ASSERT_TRUE(cipher.has_value());
  Buffer sealed(17);
  ASSERT_TRUE(cipher->seal(0, true, as_bytes("x"), sealed).has_value());
  const auto start = to_array<kBodyHeaderBytes>(cipher->header());
  header.back() ^= 1U;
  auto other = SegmentCipher::from_header(tink_key(), header, *start);
  ASSERT_TRUE(other.has_value());
  Buffer plain(1);
  EXPECT_EQ(other->open(0, true, sealed, plain).error().code(), Errc::kUntrusted);
}

TEST(Body, SizesAreThoseOfTink) {
  EXPECT_EQ(body_size(0), 56U);
  EXPECT_EQ(body_size(segment_plaintext_bytes(0)), kSegmentBytes);
  EXPECT_EQ(body_size(segment_plaintext_bytes(0) + 1), kSegmentBytes + 17);
  EXPECT_EQ(body_size(segment_plaintext_bytes(0) + segment_plaintext_bytes(1)), 2 * kSegmentBytes);
  EXPECT_EQ(body_size(segment_plaintext_bytes(0) + segment_plaintext_bytes(1) + 1),
            2 * kSegmentBytes + 17);
}

}  // namespace
}  // namespace ward::seal
