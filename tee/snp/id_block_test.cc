#include "tee/snp/id_block.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace ward::snp {
namespace {

crypto::PrivateKey key(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng);
}

IdBlock good_block() {
  IdBlock out;
  out.launch_digest.fill(1);
  out.family_id.fill(2);
  out.image_id.fill(3);
  out.guest_svn = 4;
  out.policy = 0x30000;
  return out;
}

IdAuth good_auth(bool with_author = true) {
  const auto author = key("author");
  return *sign_id_block(good_block(), key("id"), with_author ? &author : nullptr);
}

// virtee's crate `sev` (tests/id-block.rs) gives these for the block, and for the keys that signed.
TEST(IdBlock, OfAnotherImplementationIsReadAndVerified) {
  WARD_NEED_VECTORS();
  const Buffer octets = test::read_file(test::vectors_dir() / "sev/id_auth_block_virtee.bin");
  const auto auth = parse_id_auth(octets);
  ASSERT_TRUE(auth);
  EXPECT_EQ(write_id_auth(*auth), octets);
  const auto block = parse_id_block(*from_base64(
      "oU1jg0HlZ0Yo/"
      "h4C++3r5eWrT68d1y2JZgaOYVu5nv0T0hSzXCMXFbOOJj3GBZdFAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      "AAAAAAAAAAAAABAAAAAAAAAAAAAwAAAAAA",
      Base64::kStandard));
  ASSERT_TRUE(block);
  EXPECT_TRUE(verify_id_block(*block, *auth));
  EXPECT_EQ(to_base64(auth->id_key_digest(), Base64::kStandard),
            "WfssaG36T+9J84M5qndckAUcKNVzg93DuvO160sUlt87DbvcuuX+J2d6ZEggdz/i");
  EXPECT_EQ(to_base64(auth->author_key_digest(), Base64::kStandard),
            "7tgRafsMteDsNHlPEo/U4MSkb2fGWhrfqB/LJLzAiMJyNpt//D6ytq9qQoShs2xf");
}

TEST(IdBlock, IsReadAsItWasWrittenAndVerifies) {
  for (const bool with_author : {false, true}) {
    const IdAuth auth = good_auth(with_author);
    const Buffer block = write_id_block(good_block());
    const Buffer octets = write_id_auth(auth);
    ASSERT_EQ(block.size(), kIdBlockSize);
    ASSERT_EQ(octets.size(), kIdAuthSize);
    const auto read_block = parse_id_block(block);
    const auto read_auth = parse_id_auth(octets);
    ASSERT_TRUE(read_block && read_auth);
    EXPECT_EQ(write_id_block(*read_block), block);
    EXPECT_EQ(write_id_auth(*read_auth), octets);
    EXPECT_TRUE(verify_id_block(*read_block, *read_auth));
    EXPECT_EQ(all_zero(read_auth->author_key_digest()), !with_author);
  }
}

TEST(IdBlock, IsRefusedAtEveryOtherSize) {
  const Buffer block = write_id_block(good_block());
  const Buffer auth = write_id_auth(good_auth());
  for (std::size_t size = 0; size < block.size(); ++size)
    EXPECT_EQ(parse_id_block(Bytes(block).first(size)).error().code(), Errc::kTruncated) << size;
  for (std::size_t size = 0; size < auth.size(); ++size)
    EXPECT_EQ(parse_id_auth(Bytes(auth).first(size)).error().code(), Errc::kTruncated) << size;
  EXPECT_EQ(parse_id_block(concat({block, Buffer(1)})).error().code(), Errc::kMalformed);
  EXPECT_EQ(parse_id_auth(concat({auth, Buffer(1)})).error().code(), Errc::kMalformed);
}

// With an author no octet of either structure may change.
TEST(IdBlock, EveryFlippedBitIsNoticed) {
  const Buffer block = write_id_block(good_block());
  const Buffer auth = write_id_auth(good_auth());
  for (std::size_t at = 0; at < block.size(); ++at) {
    Buffer flipped = block;
    flipped[at] ^= 1U;
    const auto read = parse_id_block(flipped);
    const bool is_version = at >= id_block::Version::kBegin && at < id_block::Version::kEnd;
    ASSERT_EQ(read.has_value(), !is_version) << at;
    if (!read) {
      EXPECT_EQ(read.error().code(), Errc::kUnsupported);
      continue;
    }
    const auto verified = verify_id_block(*read, good_auth());
    ASSERT_FALSE(verified) << at;
    EXPECT_EQ(verified.error().code(), Errc::kUntrusted) << at;
  }
  for (std::size_t at = 0; at < auth.size(); ++at) {
    Buffer flipped = auth;
    flipped[at] ^= 1U;
    const auto read = parse_id_auth(flipped);
    EXPECT_FALSE(read && verify_id_block(good_block(), *read)) << at;
  }
}

struct Row {
  const char* name;
  std::size_t at;
  std::uint8_t value;
  Errc want;
};

constexpr Row kRows[] = {
    {"id_key_algo", id_auth::IdKeyAlgo::kBegin, 2, Errc::kUnsupported},
    {"auth_key_algo", id_auth::AuthKeyAlgo::kBegin, 2, Errc::kUnsupported},
    {"author_without_algorithm", id_auth::AuthKeyAlgo::kBegin, 0, Errc::kMalformed},
    {"reserved_1", id_auth::Reserved1::kBegin, 1, Errc::kMalformed},
    {"reserved_2", id_auth::Reserved2::kEnd - 1, 1, Errc::kMalformed},
    {"reserved_3", id_auth::Reserved3::kEnd - 1, 1, Errc::kMalformed},
    {"curve", id_auth::IdKey::kBegin, 1, Errc::kMalformed},
    {"author_curve", id_auth::AuthorKey::kBegin, 1, Errc::kMalformed},
    {"behind_qx", id_auth::IdKey::kBegin + 4 + 48, 1, Errc::kMalformed},
    {"behind_qy", id_auth::IdKey::kBegin + 4 + 72 + 48, 1, Errc::kMalformed},
    {"behind_r", id_auth::IdBlockSig::kBegin + 48, 1, Errc::kMalformed},
    {"behind_s", id_auth::IdKeySig::kEnd - 1, 1, Errc::kMalformed},
};

TEST(IdAuth, IsRefusedWhereItsFormIsWrong) {
  for (const Row& row : kRows) {
    Buffer auth = write_id_auth(good_auth());
    auth[row.at] = row.value;
    const auto read = parse_id_auth(auth);
    ASSERT_FALSE(read) << row.name;
    EXPECT_EQ(read.error().code(), row.want) << row.name;
  }
}

TEST(IdAuth, IsNotSignedByAnother) {
  IdAuth other_author = good_auth();
  other_author.author_key = sign_id_block(good_block(), key("other"), nullptr)->id_key;
  EXPECT_EQ(verify_id_block(good_block(), other_author).error().code(), Errc::kUntrusted);
  IdAuth off_the_curve = good_auth();
  off_the_curve.id_key[10] ^= 1U;
  EXPECT_EQ(verify_id_block(good_block(), off_the_curve).error().code(), Errc::kUntrusted);
  crypto::SeededRng rng(as_bytes("p256"));
  const auto p256 = *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
  EXPECT_EQ(sign_id_block(good_block(), p256, nullptr).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::snp
