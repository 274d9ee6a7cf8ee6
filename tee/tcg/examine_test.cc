#include "tee/tcg/examine.h"

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

constexpr Algorithm kHash = Algorithm::kSha384;
constexpr std::array kBank = {kHash};

Buffer log_of(std::string_view command_line) {
  const Buffer separator(4, 0);
  LogParts parts;
  parts.spec.algorithms = {{static_cast<std::uint16_t>(kHash), 48}};
  parts.events = {
      measured(1, event_type::kSeparator, separator, separator, kBank),
      measured(3, event_type::kIpl, as_bytes(command_line),
               concat({as_bytes("kernel_cmdline: "), as_bytes(command_line), as_bytes("\0"sv)}),
               kBank),
  };
  return write_event_log(parts);
}

Buffer extended(Bytes hashed) {
  return digest(kHash, concat({Buffer(48, 0), digest(kHash, hashed)}));
}

TEST(Examine, GivesOutcomesAndTheClaimsThatAreShown) {
  const Buffer raw = log_of("ro quiet");
  const Buffer zero(48, 0);
  const Buffer rtmr0 = extended(Buffer(4, 0));
  const Buffer rtmr2 = extended(as_bytes("ro quiet"));
  const std::array<ExpectedRegister, 4> right = {{{0, rtmr0}, {1, zero}, {2, rtmr2}, {3, rtmr2}}};
  const auto found = examine(raw, Registers::kRtmr, kHash, right);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->registers.size(), 4U);
  EXPECT_EQ(found->registers[0].outcome, Outcome::kMatches);
  EXPECT_EQ(found->registers[1].outcome, Outcome::kUntouched);
  EXPECT_EQ(found->registers[2].outcome, Outcome::kMatches);
  EXPECT_EQ(found->registers[3].outcome, Outcome::kNotLogged);
  ASSERT_EQ(found->claims.size(), 3U);
  EXPECT_EQ(found->claims[0].name, "event_log.secure_boot_unknown");
  EXPECT_EQ(found->claims[1].name, "event_log.kernel_command_lines");
  EXPECT_EQ(attest::claim_text(found->claims[1].value), "ro quiet");
  EXPECT_EQ(found->claims[2].name, "event_log.rtmr2_measured");
  EXPECT_EQ(attest::claim_text(found->claims[2].value), "ro quiet");
}

// What a register that differs is said to hold is not repeated.
TEST(Examine, BelievesNothingOfARegisterThatDiffers) {
  const Buffer raw = log_of("init=/bin/evil");
  const Buffer rtmr2 = extended(as_bytes("ro quiet"));
  const std::array<ExpectedRegister, 1> genuine = {{{2, rtmr2}}};
  const auto found = examine(raw, Registers::kRtmr, kHash, genuine);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->registers[0].outcome, Outcome::kDiffers);
  EXPECT_TRUE(found->claims.empty());
  EXPECT_TRUE(examine(raw, Registers::kRtmr, kHash, {})->claims.empty());
}

TEST(Examine, FailsWhereTheLogExplainsNothing) {
  Buffer raw = log_of("ro");
  EXPECT_EQ(examine(raw, Registers::kRtmr, Algorithm::kSha256, {}).error().code(),
            Errc::kUnsupported);
  raw.pop_back();
  EXPECT_EQ(examine(raw, Registers::kRtmr, kHash, {}).error().code(), Errc::kTruncated);
}

}  // namespace
}  // namespace ward::tcg
