#include "crypto/bignum.h"

#include <gtest/gtest.h>

namespace ward::crypto {
namespace {

TEST(MulDiv, DividesAProduct) {
  const auto out = mul_div(Buffer{0x01, 0x00}, Buffer{0x00, 0xff}, Buffer{0x0a});  // 256 * 255 / 10
  ASSERT_TRUE(out);
  EXPECT_EQ(to_hex(out->quotient), "1980");
  EXPECT_EQ(out->remainder, Buffer{});
  const auto rest = mul_div(Buffer{7}, Buffer{1}, Buffer{10});
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->quotient, Buffer{});
  EXPECT_EQ(rest->remainder, Buffer{7});
}

TEST(MulDiv, RefusesZeroAndOperandsAboveTheLimit) {
  EXPECT_FALSE(mul_div(Buffer{1}, Buffer{1}, Buffer{0}));
  EXPECT_FALSE(mul_div(Buffer{1}, Buffer{1}, {}));
  EXPECT_TRUE(mul_div(Buffer(1024, 1), Buffer(1024, 1), Buffer(1024, 1)));
  EXPECT_FALSE(mul_div(Buffer(1025, 1), Buffer{1}, Buffer{1}));
  EXPECT_FALSE(mul_div(Buffer{1}, Buffer(1025, 1), Buffer{1}));
  EXPECT_FALSE(mul_div(Buffer{1}, Buffer{1}, Buffer(1025, 1)));
}

}  // namespace
}  // namespace ward::crypto
