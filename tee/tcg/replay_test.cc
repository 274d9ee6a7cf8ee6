#include "tee/tcg/replay.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

constexpr Algorithm kHash = Algorithm::kSha384;
constexpr std::array kBank = {kHash};

EventParts event(std::uint32_t index, std::uint32_t type, std::string_view data) {
  return measured(index, type, as_bytes(data), as_bytes(data), kBank);
}

EventParts separator(std::uint32_t index, std::string_view value = "\0\0\0\0"sv) {
  return event(index, event_type::kSeparator, value);
}

EventParts locality(std::uint8_t value) {
  EventParts out = event(0, event_type::kNoAction, "StartupLocality\0"sv);
  out.data.push_back(value);
  return out;
}

Buffer log_of(std::vector<EventParts> events) {
  LogParts parts;
  parts.spec.algorithms = {{static_cast<std::uint16_t>(kHash), 48}};
  parts.events = std::move(events);
  return write_event_log(parts);
}

Replay replay_of(const Buffer& raw, Registers registers) {
  const auto log = parse_event_log(raw);
  EXPECT_TRUE(log);
  auto out = replay(*log, registers, kHash);
  EXPECT_TRUE(out);
  return *std::move(out);
}

Buffer extended(Buffer value, std::string_view data) {
  return digest(kHash, concat({value, digest(kHash, as_bytes(data))}));
}

Buffer zeros() { return Buffer(48, 0); }

TEST(Replay, ExtendsEachRegisterInOrder) {
  const Buffer raw =
      log_of({event(0, event_type::kCrtmVersion, "v1"), event(4, event_type::kEfiAction, "a"),
              event(0, event_type::kNoAction, "extends nothing"),
              event(0, event_type::kPostCode, "code"), separator(4)});
  const Replay got = replay_of(raw, Registers::kPcr);
  ASSERT_EQ(got.registers.size(), 2U);
  EXPECT_EQ(got.registers[0].number, 0U);
  EXPECT_EQ(got.registers[0].events, 2U);
  EXPECT_EQ(got.registers[0].value, extended(extended(zeros(), "v1"), "code"));
  EXPECT_EQ(got.registers[1].number, 4U);
  EXPECT_EQ(got.registers[1].value, extended(extended(zeros(), "a"), "\0\0\0\0"sv));
  EXPECT_TRUE(got.remarks.empty());
}

TEST(Replay, MapsMeasurementRegistersToRtmrs) {
  const Buffer raw =
      log_of({event(1, event_type::kEfiAction, "a"), event(4, event_type::kEventTag, "b"),
              event(0, event_type::kNoAction, "about the build")});
  const Replay got = replay_of(raw, Registers::kRtmr);
  ASSERT_EQ(got.registers.size(), 2U);
  EXPECT_EQ(got.registers[0].number, 0U);
  EXPECT_EQ(got.registers[0].value, extended(zeros(), "a"));
  EXPECT_EQ(got.registers[1].number, 3U);
  EXPECT_EQ(got.registers[1].value, extended(zeros(), "b"));
  EXPECT_TRUE(got.remarks.empty());
  EXPECT_EQ(register_number(Registers::kRtmr, 0), std::nullopt);
  EXPECT_EQ(register_number(Registers::kRtmr, 1), 0U);
  EXPECT_EQ(register_number(Registers::kRtmr, 4), 3U);
  EXPECT_EQ(register_number(Registers::kRtmr, 5), std::nullopt);
  EXPECT_EQ(register_number(Registers::kPcr, 23), 23U);
  EXPECT_EQ(register_number(Registers::kPcr, 24), std::nullopt);
}

TEST(Replay, BeginsWithTheLocality) {
  const Buffer raw = log_of({locality(3), event(0, event_type::kCrtmVersion, "v1"),
                             event(1, event_type::kEfiAction, "a")});
  const Replay got = replay_of(raw, Registers::kPcr);
  Buffer begin = zeros();
  begin.back() = 3;
  EXPECT_EQ(got.registers[0].value, extended(begin, "v1"));
  EXPECT_EQ(got.registers[1].value, extended(zeros(), "a"));
  EXPECT_EQ(got.initial(0), begin);
  // RTMRs have no such thing.
  const Buffer td = log_of({locality(3), event(1, event_type::kEfiAction, "a")});
  EXPECT_EQ(replay_of(td, Registers::kRtmr).registers[0].value, extended(zeros(), "a"));
}

TEST(Replay, PcrsOfADynamicLaunchBeginWithOnes) {
  for (const std::uint32_t pcr : {16U, 17U, 22U, 23U}) {
    const Buffer raw = log_of({event(pcr, event_type::kEventTag, "a")});
    const Buffer begin(48, pcr == 17 || pcr == 22 ? 0xff : 0);
    EXPECT_EQ(replay_of(raw, Registers::kPcr).registers[0].value, extended(begin, "a")) << pcr;
  }
}

TEST(Replay, RefusesWhatItCannotReplay) {
  const Buffer raw = log_of({event(24, event_type::kEventTag, "a")});
  const auto log = parse_event_log(raw);
  const auto far = replay(*log, Registers::kPcr, kHash);
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code(), Errc::kMalformed);
  EXPECT_EQ(far.error().value(), 1U);
  EXPECT_EQ(replay(*log, Registers::kRtmr, kHash).error().code(), Errc::kMalformed);
  EXPECT_EQ(replay(*log, Registers::kPcr, Algorithm::kSha256).error().code(), Errc::kUnsupported);

  EventParts bare = event(1, event_type::kEfiAction, "a");
  bare.digests.clear();
  const Buffer lacking = log_of({bare});
  EXPECT_EQ(replay(*parse_event_log(lacking), Registers::kPcr, kHash).error().code(),
            Errc::kMalformed);
  bare.type = event_type::kNoAction;  // extends nothing, needs none, and may have any index
  bare.register_index = 0x12345678;
  const Buffer notice = log_of({bare});
  EXPECT_TRUE(replay(*parse_event_log(notice), Registers::kPcr, kHash));
}

struct RemarkCase {
  const char* name;
  Registers registers;
  std::vector<EventParts> events;
  Anomaly want;
  std::size_t event;
  bool fault;
};

std::vector<RemarkCase> remark_cases() {
  EventParts forged = separator(7);
  forged.digests[0].value[0] ^= 1U;
  const EventParts hidden = event(7, event_type::kIpl, "\0\0\0\0"sv);
  const EventParts other = event(0, event_type::kCrtmVersion, "v1");
  using enum Registers;
  using enum Anomaly;
  return {
      {"twice", kPcr, {separator(7), separator(7)}, kSeparatorRepeated, 2, true},
      {"of_two_pcrs", kRtmr, {separator(1), separator(1)}, kSeparatorShared, 2, false},
      {"twice_rtmr2", kRtmr, {separator(3), separator(3)}, kSeparatorRepeated, 2, true},
      {"value", kPcr, {separator(7, "WBCL")}, kSeparatorValue, 1, true},
      {"value_rtmr1", kRtmr, {separator(2, "WBCL")}, kSeparatorValue, 1, true},
      {"size", kPcr, {separator(7, "\0\0\0"sv)}, kSeparatorValue, 1, true},
      {"error", kPcr, {separator(7, "\1\0\0\0"sv)}, kSeparatorError, 1, true},
      {"digest", kPcr, {forged}, kSeparatorDigest, 1, true},
      {"hidden", kPcr, {hidden}, kSeparatorHidden, 1, false},
      {"locality_twice", kPcr, {locality(0), locality(3)}, kLocalityRepeated, 2, true},
      {"locality_late", kPcr, {other, locality(3)}, kLocalityLate, 2, true},
      {"locality_value", kPcr, {locality(2)}, kLocalityValue, 1, true},
      {"build", kRtmr, {other}, kBuildExtended, 1, true},
  };
}

TEST(Replay, RemarksOnWhatTheRulesDoNotForesee) {
  for (const RemarkCase& c : remark_cases()) {
    SCOPED_TRACE(c.name);
    const Replay got = replay_of(log_of(c.events), c.registers);
    ASSERT_EQ(got.remarks.size(), 1U);
    EXPECT_EQ(got.remarks[0].anomaly, c.want);
    EXPECT_EQ(got.remarks[0].event, c.event);
    EXPECT_EQ(is_fault(c.want), c.fault);
    EXPECT_STRNE(to_text(c.want), "");
  }
}

TEST(Replay, KnowsHowManySeparatorsAnRtmrMayHave) {
  const auto faults = [](std::uint32_t index, std::size_t count) {
    const Buffer raw = log_of(std::vector<EventParts>(count, separator(index)));
    const Replay got = replay_of(raw, Registers::kRtmr);
    return std::ranges::count_if(got.remarks, [](const Remark& r) { return is_fault(r.anomaly); });
  };
  EXPECT_EQ(faults(1, 3), 0);
  EXPECT_EQ(faults(1, 4), 1);
  EXPECT_EQ(faults(2, 5), 0);
  EXPECT_EQ(faults(2, 6), 1);
  EXPECT_EQ(faults(4, 2), 1);
}

// Windows ends its own measurements by separators of its own.
TEST(Replay, OtherSeparatorsAreTheOperatingSystems) {
  const Buffer raw = log_of({separator(12, "WBCL"), separator(13, "\xff\xff\xff\xff")});
  EXPECT_TRUE(replay_of(raw, Registers::kPcr).remarks.empty());
}

TEST(Replay, ALocalityThatDoesNotCountChangesNothing) {
  const EventParts version = event(0, event_type::kCrtmVersion, "v1");
  for (const auto& events :
       {std::vector{locality(2), version}, std::vector{version, locality(3)}}) {
    const Replay got = replay_of(log_of(events), Registers::kPcr);
    EXPECT_EQ(got.registers[0].value, extended(zeros(), "v1"));
  }
}

TEST(Replay, GuessesWhatTheIndicesMean) {
  const Buffer td = log_of({event(1, event_type::kEfiAction, "a"), separator(4)});
  EXPECT_EQ(guess_registers(*parse_event_log(td)), Registers::kRtmr);
  const Buffer tpm = log_of({event(1, event_type::kEfiAction, "a"), separator(7)});
  EXPECT_EQ(guess_registers(*parse_event_log(tpm)), Registers::kPcr);
  LogParts two;
  two.spec.algorithms = {{0x0b, 32}, {0x0c, 48}};
  const Buffer banks = write_event_log(two);
  EXPECT_EQ(guess_registers(*parse_event_log(banks)), Registers::kPcr);
}

TEST(Replay, IsSureOfRegistersWhereALogCanBeNobodyElses) {
  const EventParts zero = event(0, event_type::kCrtmVersion, "v1");
  const EventParts one = event(1, event_type::kEfiAction, "a");
  const EventParts four = event(4, event_type::kEfiAction, "b");
  const auto sure = [](std::uint32_t header, const std::vector<EventParts>& events) {
    LogParts parts{.spec = {.register_index = header, .algorithms = {{0x0c, 48}}},
                   .events = events};
    const Buffer raw = write_event_log(parts);
    return sure_registers(*parse_event_log(raw));
  };
  EXPECT_EQ(sure(0, {zero, one, separator(5)}), Registers::kPcr);
  EXPECT_EQ(sure(1, {zero, one, separator(5)}), std::nullopt) << "the header is a CCEL's";
  for (const std::uint32_t header : {0U, 1U}) {
    EXPECT_EQ(sure(header, {one, four}), Registers::kRtmr);
    EXPECT_EQ(sure(header, {zero, one, four}), std::nullopt);
    EXPECT_EQ(sure(header, {one, separator(5)}), std::nullopt);
    EXPECT_EQ(sure(header, {}), std::nullopt);
  }
}

TEST(Compare, HasAnOutcomeForEachRegister) {
  const Buffer raw =
      log_of({event(1, event_type::kEfiAction, "a"), event(2, event_type::kEfiAction, "b")});
  const Replay got = replay_of(raw, Registers::kRtmr);
  const Buffer right = extended(zeros(), "a");
  const Buffer wrong = extended(zeros(), "x");
  const Buffer untouched = zeros();
  const std::array<ExpectedRegister, 4> expected = {
      {{0, right}, {1, wrong}, {2, untouched}, {3, wrong}}};
  const auto list = compare(got, expected);
  ASSERT_EQ(list.size(), 4U);
  EXPECT_EQ(list[0].outcome, Outcome::kMatches);
  EXPECT_EQ(list[0].events, 1U);
  EXPECT_EQ(list[0].replayed, right);
  EXPECT_EQ(list[1].outcome, Outcome::kDiffers);
  EXPECT_EQ(list[1].expected, wrong);
  EXPECT_EQ(list[1].replayed, extended(zeros(), "b"));
  EXPECT_EQ(list[2].outcome, Outcome::kUntouched);
  EXPECT_EQ(list[2].events, 0U);
  EXPECT_EQ(list[3].outcome, Outcome::kNotLogged);
  EXPECT_EQ(list[3].replayed, untouched);
  EXPECT_STREQ(to_text(Outcome::kMatches), "matches");
  EXPECT_STREQ(to_text(Outcome::kDiffers), "differs");
  EXPECT_STREQ(to_text(Outcome::kUntouched), "untouched");
  EXPECT_STREQ(to_text(Outcome::kNotLogged), "not logged");
}

// Unequal length is unequal: nothing is padded or cut.
TEST(Compare, AValueOfAnotherSizeDiffers) {
  const Buffer raw = log_of({event(1, event_type::kEfiAction, "a")});
  const Replay got = replay_of(raw, Registers::kRtmr);
  Buffer value = extended(zeros(), "a");
  value.pop_back();
  const Buffer empty;
  const std::array<ExpectedRegister, 3> expected = {{{0, value}, {0, empty}, {1, empty}}};
  const auto list = compare(got, expected);
  EXPECT_EQ(list[0].outcome, Outcome::kDiffers);
  EXPECT_EQ(list[1].outcome, Outcome::kDiffers);
  EXPECT_EQ(list[2].outcome, Outcome::kNotLogged);
}

TEST(Compare, EveryFlippedBitOfADigestShows) {
  const std::vector<EventParts> events = {event(1, event_type::kEfiAction, "a"), separator(1)};
  const Buffer genuine = replay_of(log_of(events), Registers::kRtmr).registers[0].value;
  const std::array<ExpectedRegister, 1> expected = {{{0, genuine}}};
  for (std::size_t bit = 0; bit < 48 * 8; ++bit) {
    std::vector<EventParts> forged = events;
    forged[0].digests[0].value[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    const Replay got = replay_of(log_of(forged), Registers::kRtmr);
    EXPECT_EQ(compare(got, expected)[0].outcome, Outcome::kDiffers) << bit;
  }
}

}  // namespace
}  // namespace ward::tcg
