#include "base/result.h"

#include <gtest/gtest.h>

#include "base/diag.h"

namespace ward {
namespace {

Result<int> half(int v) {
  if (v % 2 != 0) return Error(Errc::kMalformed, "test: odd", static_cast<std::uint64_t>(v));
  return v / 2;
}

Result<int> quarter(int v) {
  WARD_TRY(const int h, half(v));
  return half(h);
}

TEST(Try, UnwrapsOrReturnsTheError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(6).error().value(), 3U);
  EXPECT_EQ(quarter(7).error().code(), Errc::kMalformed);
}

TEST(ResultDeathTest, ReadingTheWrongSideEndsTheProcess) {
  EXPECT_DEATH(static_cast<void>(half(2).error()), "");
  EXPECT_DEATH(static_cast<void>(*half(1)), "");
}

TEST(DiagText, NamesLineColumnPathAndExpectation) {
  const Diag d = diag_at(as_bytes("ab\ncd"), 4, "x[1]", "a number");
  EXPECT_EQ(to_text(d), "line 2, column 2: x[1]: expected a number");
}

TEST(DiagText, AResultCanCarryADiag) {
  const Result<int, Diag> r = Diag{.path = "a", .expected = "b"};
  EXPECT_EQ(to_text(r.error()), "a: expected b");
}

}  // namespace
}  // namespace ward
