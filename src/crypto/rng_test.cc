#include "crypto/rng.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

TEST(SystemRng, GivesOtherOctetsEachTime) {
  SystemRng rng;
  EXPECT_NE(random_array<32>(rng), random_array<32>(rng));
  const SecretBytes large = random_secret(rng, (std::size_t{1} << 20U) + 17);
  EXPECT_FALSE(all_zero(large.expose().last(17)));
  rng.fill({});
}

TEST(SeededRng, GivesTheSameForTheSameSeedHoweverItIsDrawn) {
  SeededRng one(as_bytes("seed"));
  SeededRng two(as_bytes("seed"));
  SeededRng other(as_bytes("see"));
  const auto whole = random_array<200>(one);
  Buffer parts(200);
  const std::span<std::uint8_t> span(parts);
  two.fill(span.first(1));
  two.fill(span.subspan(1, 0));
  two.fill(span.subspan(1, 70));
  two.fill(span.subspan(71));
  EXPECT_TRUE(equal(whole, parts));
  EXPECT_NE(whole, random_array<200>(other));
  EXPECT_NE(whole, random_array<200>(one));
}

// Computed apart: `openssl enc -chacha20 -K $(printf 'ward seeded rng 1seed' | sha256sum) -iv 0` of
// 32 zero octets. What a seed gives never changes: development platforms are rebuilt from theirs.
TEST(SeededRng, IsTheKeyStreamThatItsHeaderNames) {
  SeededRng rng(as_bytes("seed"));
  EXPECT_EQ(to_hex(random_array<32>(rng)),
            "c0a342b3cb26b79ca3053cc7dd4eb2759fb89bcb2e8796beac89a8a03912aa47");
}

}  // namespace
}  // namespace ward::crypto
