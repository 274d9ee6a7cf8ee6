#include "tee/keystone/keys.h"

#include <gtest/gtest.h>

#include "crypto/edwards.h"

namespace ward::keystone {
namespace {

using crypto::EdwardsHash;
using crypto::EdwardsKey;

TEST(KeystoneKeys, ThePublishedOnesAreKnown) {
  const auto* test_key =
      find_published(*from_hex("0faad4ff01178583baa588966f7c1ff32564dd17d7dc2b46cb50a84a69270b4c"));
  ASSERT_NE(test_key, nullptr);
  EXPECT_NE(test_key->where.find("test_dev_key.h"), std::string_view::npos);
  // The boot ROM's constant: the key is computed here, as whoever reads it can.
  Buffer seed;
  for (unsigned i = 0; i < 32; ++i) {
    seed.push_back(static_cast<std::uint8_t>(0xacU + (0xddU ^ i)));
  }
  const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, seed);
  ASSERT_TRUE(key);
  EXPECT_NE(find_published(key->public_key()), nullptr);
  EXPECT_EQ(find_published(Buffer(32)), nullptr);
  EXPECT_EQ(find_published({}), nullptr);
}

TEST(KeystoneKeys, AKeyOfTwoOctetsIsGuessed) {
  const Buffer hash(64, 0x9a);
  for (const std::uint8_t octet : Buffer{0x00, 0x40, 0xff}) {
    const auto key = EdwardsKey::from_seed(EdwardsHash::kSha3, guessable_seed(octet, 0x9a));
    EXPECT_EQ(guess_monitor_key(key->public_key(), hash), octet);
    EXPECT_EQ(guess_monitor_key(key->public_key(), Buffer(64, 0x9b)), std::nullopt);
    EXPECT_EQ(guess_monitor_key(key->public_key(), {}), std::nullopt);
  }
  EXPECT_EQ(guess_monitor_key(Buffer(31), hash), std::nullopt);
}

// openssl asn1parse: SEQUENCE { SEQUENCE { OID 1.3.101.112 } BIT STRING }.
TEST(KeystoneKeys, AreNamedAsEd25519Keys) {
  const Buffer key(32, 0x11);
  const auto named = spki_of(key);
  ASSERT_TRUE(named);
  EXPECT_EQ(to_hex(named->spki), "302a300506032b6570032100" + to_hex(key));
  EXPECT_EQ(named->digest, crypto::sha256(named->spki));
  EXPECT_FALSE(spki_of(Buffer(31)));
}

}  // namespace
}  // namespace ward::keystone
