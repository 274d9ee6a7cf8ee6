#include "crypto/secret.h"

#include <algorithm>
#include <memory>
#include <ostream>
#include <utility>

#include <gtest/gtest.h>

namespace ward {
namespace {

template <class T>
concept Comparable = requires(const T& a) {
  a == a;
};

template <class T>
concept Printable = requires(std::ostream& out, const T& a) {
  out << a;
};

static_assert(!std::is_copy_constructible_v<SecretBytes>);
static_assert(!std::is_copy_assignable_v<SecretBytes>);
static_assert(!Comparable<SecretBytes> && !Comparable<Secret<32>>);
static_assert(!Printable<SecretBytes> && !Printable<Secret<32>>);

TEST(Secret, IsZeroAfterMove) {
  Secret<16> a;
  std::ranges::fill(a.expose_mut(), std::uint8_t{7});
  const Secret<16> b(std::move(a));
  EXPECT_TRUE(all_zero(a.expose()));  // NOLINT(bugprone-use-after-move): what is tested
  EXPECT_TRUE(std::ranges::all_of(b.expose(), [](auto x) { return x == 7; }));
}

TEST(Secret, IsWipedInPlaceWhenItDies) {
  alignas(Secret<16>) std::array<std::uint8_t, sizeof(Secret<16>)> place{};
  auto* const secret = std::construct_at(static_cast<Secret<16>*>(static_cast<void*>(&place)));
  std::ranges::fill(secret->expose_mut(), std::uint8_t{9});
  EXPECT_FALSE(all_zero(place));
  std::destroy_at(secret);
  EXPECT_TRUE(all_zero(place));
}

TEST(SecretBytes, BeginsAsZerosOfItsSize) {
  const SecretBytes secret(5000);
  EXPECT_EQ(secret.size(), 5000U);
  EXPECT_TRUE(all_zero(secret.expose()));
  EXPECT_TRUE(SecretBytes().empty());
  EXPECT_TRUE(SecretBytes(0).expose().empty());
}

TEST(SecretBytes, MovesAndLeavesNothing) {
  SecretBytes a = SecretBytes::copy_of(as_bytes("key material"));
  SecretBytes b(std::move(a));
  EXPECT_TRUE(a.empty());  // NOLINT(bugprone-use-after-move): what is tested
  SecretBytes c(3);
  c = std::move(b);
  EXPECT_TRUE(ct_equal(c.expose(), as_bytes("key material")));
}

TEST(SecretBytes, ShrinkWipesWhatItGivesUp) {
  SecretBytes secret = SecretBytes::copy_of(as_bytes("abcdef"));
  const Bytes whole = secret.expose();
  secret.shrink(2);
  EXPECT_TRUE(ct_equal(secret.expose(), as_bytes("ab")));
  EXPECT_TRUE(all_zero(whole.subspan(2)));
  secret.shrink(100);
  EXPECT_EQ(secret.size(), 2U);
}

TEST(SecretBytes, CloneIsApartFromItsOriginal) {
  SecretBytes a = SecretBytes::copy_of(as_bytes("abc"));
  const SecretBytes b = a.clone();
  a.expose_mut()[0] = 'x';
  EXPECT_TRUE(ct_equal(b.expose(), as_bytes("abc")));
}

TEST(CtEqual, ComparesContentAndLength) {
  EXPECT_TRUE(ct_equal({}, {}));
  EXPECT_TRUE(ct_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(ct_equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(ct_equal(as_bytes("abc"), as_bytes("ab")));
  EXPECT_FALSE(ct_equal(as_bytes("abc"), {}));
}

}  // namespace
}  // namespace ward
