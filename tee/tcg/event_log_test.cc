#include "tee/tcg/event_log.h"

#include <gtest/gtest.h>

#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

constexpr std::array kTwo = {Algorithm::kSha256, Algorithm::kSha384};
constexpr std::array kSha1Alone = {Algorithm::kSha1};

std::uint16_t id(Algorithm algorithm) { return static_cast<std::uint16_t>(algorithm); }

LogParts agile() {
  LogParts out;
  out.spec.algorithms = {{id(Algorithm::kSha256), 32}, {id(Algorithm::kSha384), 48}};
  out.spec.vendor_info = to_buffer(as_bytes("ward"));
  const Buffer separator(4, 0);
  out.events = {
      measured(0, event_type::kCrtmVersion, as_bytes("v1"), as_bytes("v1"), kTwo),
      measured(7, event_type::kEfiAction, as_bytes("act"), as_bytes("act"), kTwo),
      measured(0, event_type::kSeparator, separator, separator, kTwo),
      measured(1, event_type::kEfiAction, {}, {}, kTwo),
  };
  return out;
}

LogParts sha1() {
  LogParts out;
  out.form = Form::kSha1;
  const Buffer separator(4, 0);
  out.events = {measured(0, event_type::kCrtmVersion, as_bytes("v1"), as_bytes("v1"), kSha1Alone),
                measured(0, event_type::kSeparator, separator, separator, kSha1Alone)};
  return out;
}

// A SHA-1 log that names its form ("Spec ID Event00" of the conventional BIOS, 02 of EFI 1.2).
LogParts named_sha1(char digit) {
  LogParts out = sha1();
  Buffer spec = to_buffer(as_bytes("Spec ID Event00"));
  spec[14] = static_cast<std::uint8_t>(digit);
  spec.resize(27, 0);
  const EventParts head{.type = event_type::kNoAction,
                        .digests = {{id(Algorithm::kSha1), Buffer(20, 0)}},
                        .data = spec};
  out.events.insert(out.events.begin(), head);
  return out;
}

Errc code(Bytes in) {
  const auto log = parse_event_log(in);
  return log ? Errc::kInternal : log.error().code();
}

TEST(EventLog, ReadsWhatItWrites) {
  const LogParts parts = agile();
  const Buffer raw = write_event_log(parts);
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  EXPECT_EQ(log->form, Form::kCryptoAgile);
  EXPECT_EQ(log->spec, parts.spec);
  EXPECT_EQ(log->padding, 0U);
  ASSERT_EQ(log->events.size(), 5U);
  std::size_t at = 0;
  for (const Event& event : log->events) {
    EXPECT_EQ(event.offset, at);
    at += event.size;
  }
  EXPECT_EQ(at, raw.size());
  const Event& action = log->events[2];
  EXPECT_EQ(action.register_index, 7U);
  EXPECT_EQ(action.type, event_type::kEfiAction);
  EXPECT_EQ(as_text(action.data), "act");
  for (const Algorithm a : kTwo)
    EXPECT_TRUE(equal(*log->digest(action, a), digest(a, as_bytes("act"))));
  EXPECT_FALSE(log->digest(action, Algorithm::kSha1));
  EXPECT_TRUE(log->has(Algorithm::kSha384));
  EXPECT_FALSE(log->has(Algorithm::kSha512));
  EXPECT_EQ(write_event_log(to_parts(*log)), raw);
  EXPECT_TRUE(is_event_log(raw));
}

TEST(EventLog, ReadsTheSha1FormWithAndWithoutASpecId) {
  for (const LogParts& parts : {sha1(), named_sha1('0'), named_sha1('2')}) {
    const Buffer raw = write_event_log(parts);
    const auto log = parse_event_log(raw);
    ASSERT_TRUE(log);
    EXPECT_EQ(log->form, Form::kSha1);
    EXPECT_EQ(log->events.size(), parts.events.size());
    const Event& last = log->events.back();
    EXPECT_TRUE(
        equal(*log->digest(last, Algorithm::kSha1), digest(Algorithm::kSha1, Buffer(4, 0))));
    EXPECT_FALSE(log->digest(last, Algorithm::kSha256));
    EXPECT_EQ(write_event_log(to_parts(*log)), raw);
    EXPECT_TRUE(is_event_log(raw));
  }
  EXPECT_EQ(code(write_event_log(named_sha1('1'))), Errc::kUnsupported);
  EXPECT_EQ(code(write_event_log(named_sha1('4'))), Errc::kUnsupported);
}

TEST(EventLog, ACutAtEveryLengthIsTruncatedOrEndsAtAnEvent) {
  for (const LogParts& parts : {agile(), sha1()}) {
    const Buffer whole = write_event_log(parts);
    const auto log = parse_event_log(whole);
    ASSERT_TRUE(log);
    for (std::size_t n = 0; n < whole.size(); ++n) {
      bool boundary = false;
      for (const Event& event : log->events)
        boundary = boundary || event.offset + event.size == n;
      const auto cut = parse_event_log(Bytes(whole).first(n));
      EXPECT_EQ(cut.has_value(), boundary) << n;
      EXPECT_TRUE(cut || cut.error().code() == Errc::kTruncated) << n;
    }
  }
}

TEST(EventLog, AcceptsPaddingThatIsNothingElse) {
  struct Case {
    const char* name;
    Buffer tail;
    bool good;
  };

  Buffer late(64, 0xff);
  late.back() = 1;
  Buffer early(64, 0xff);
  early.front() = 0xfe;
  Buffer zero_then_ff(64, 0);
  zero_then_ff.back() = 0xff;
  Buffer mixed(64, 0xff);
  mixed[40] = 0;
  const Case cases[] = {
      {"one_ff", Buffer(1, 0xff), true},   {"many_ff", Buffer(300, 0xff), true},
      {"eight_zero", Buffer(8, 0), true},  {"many_zero", Buffer(300, 0), true},
      {"seven_zero", Buffer(7, 0), false}, {"ends_otherwise", late, false},
      {"begins_otherwise", early, false},  {"zero_then_ff", zero_then_ff, false},
      {"a_zero_among_ff", mixed, false},   {"one_other", Buffer(1, 0x55), false},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    Buffer raw = write_event_log(agile());
    raw.insert(raw.end(), c.tail.begin(), c.tail.end());
    const auto log = parse_event_log(raw);
    EXPECT_EQ(log.has_value(), c.good);
    if (!log) continue;
    EXPECT_EQ(log->padding, c.tail.size());
    EXPECT_EQ(log->events.size(), 5U);
    EXPECT_EQ(write_event_log(to_parts(*log)), raw);
  }
}

// What an attacker could hide behind padding is not passed over.
TEST(EventLog, AnEventBehindPaddingIsRefused) {
  LogParts parts = agile();
  const Buffer once = write_event_log(parts);
  Buffer raw = once;
  raw.insert(raw.end(), 100, 0xff);
  raw.insert(raw.end(), once.begin() + 49, once.end());
  EXPECT_FALSE(parse_event_log(raw));
}

using Change = void (*)(LogParts&);

struct FormCase {
  const char* name;
  Change change;
  Errc want;
};

constexpr FormCase kForms[] = {
    {"no_algorithm", [](LogParts& p) { p.spec.algorithms.clear(); }, Errc::kMalformed},
    {"algorithm_twice", [](LogParts& p) { p.spec.algorithms[1] = p.spec.algorithms[0]; },
     Errc::kMalformed},
    {"size_of_known", [](LogParts& p) { p.spec.algorithms[0].size = 31; }, Errc::kMalformed},
    {"size_of_unknown",
     [](LogParts& p) {
       p.spec.algorithms.push_back({0x99, 0});
     },
     Errc::kMalformed},
    {"digest_of_another", [](LogParts& p) { p.events[1].digests[0].algorithm = 0x0d; },
     Errc::kMalformed},
    {"digest_twice", [](LogParts& p) { p.events[1].digests[1] = p.events[1].digests[0]; },
     Errc::kMalformed},
    {"one_digest_more", [](LogParts& p) { p.events[1].digests.push_back(p.events[1].digests[0]); },
     Errc::kMalformed},
};

TEST(EventLog, EachMistakeOfFormIsRefused) {
  for (const FormCase& c : kForms) {
    SCOPED_TRACE(c.name);
    LogParts parts = agile();
    c.change(parts);
    EXPECT_EQ(code(write_event_log(parts)), c.want);
  }
  Buffer raw = write_event_log(agile());
  raw[8] = 1;  // the Spec ID event's own digest
  EXPECT_EQ(code(raw), Errc::kMalformed);
  raw = write_event_log(agile());
  raw[28] += 1;  // its size: the first octet of the next event
  EXPECT_EQ(code(raw), Errc::kMalformed);
}

// Some firmware lists algorithms whose bank is off.
TEST(EventLog, AnEventMayLackADigest) {
  LogParts parts = agile();
  parts.events[1].digests.pop_back();
  parts.events[2].digests.clear();
  const Buffer raw = write_event_log(parts);
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  EXPECT_TRUE(log->digest(log->events[2], Algorithm::kSha256));
  EXPECT_FALSE(log->digest(log->events[2], Algorithm::kSha384));
  EXPECT_FALSE(log->digest(log->events[3], Algorithm::kSha256));
  EXPECT_EQ(write_event_log(to_parts(*log)), raw);
}

TEST(EventLog, CarriesAlgorithmsThatItCannotCompute) {
  LogParts parts = agile();
  parts.spec.algorithms.push_back({0x12, 32});  // SM3
  parts.events[0].digests.push_back({0x12, Buffer(32, 5)});
  const Buffer raw = write_event_log(parts);
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  EXPECT_EQ(write_event_log(to_parts(*log)), raw);
}

TEST(EventLog, LimitsHoldAtTheirValueAndNotOneAbove) {
  LogParts parts = agile();
  for (std::uint16_t i = 0; parts.spec.algorithms.size() < kMaxAlgorithms; ++i)
    parts.spec.algorithms.push_back({static_cast<std::uint16_t>(0x100 + i), kMaxDigestSize});
  EXPECT_TRUE(parse_event_log(write_event_log(parts)));
  parts.spec.algorithms.push_back({0x200, 1});
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);

  parts = agile();
  parts.spec.algorithms.push_back({0x100, kMaxDigestSize + 1});
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);

  parts = agile();
  parts.events[1].data = Buffer(kMaxEventSize, 7);
  EXPECT_TRUE(parse_event_log(write_event_log(parts)));
  parts.events[1].data.push_back(7);
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);

  parts = agile();
  parts.events.resize(kMaxEvents - 1, {.register_index = 1, .type = event_type::kEfiAction});
  EXPECT_TRUE(parse_event_log(write_event_log(parts)));
  parts.events.resize(kMaxEvents, {.register_index = 1, .type = event_type::kEfiAction});
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);

  parts = agile();
  parts.padding = kMaxLogSize - write_event_log(parts).size();
  EXPECT_TRUE(parse_event_log(write_event_log(parts)));
  ++parts.padding;
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);
}

// A hundred million octets are refused by their number alone.
TEST(EventLog, AHugeLogIsRefusedUnread) {
  LogParts parts = agile();
  parts.padding = 100'000'000;
  EXPECT_EQ(code(write_event_log(parts)), Errc::kLimit);
  Buffer raw = write_event_log(agile());
  const auto log = parse_event_log(raw);
  ASSERT_TRUE(log);
  const Buffer event = to_buffer(Bytes(raw).last(log->events.back().size));
  while (raw.size() < 100'000'000)
    raw.insert(raw.end(), event.begin(), event.end());
  EXPECT_EQ(code(raw), Errc::kLimit);
}

TEST(EventLog, AFlippedBitChangesWhatIsReadOrIsRefused) {
  const Buffer whole = write_event_log(agile());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Buffer raw = whole;
    raw[bit / 8] = static_cast<std::uint8_t>(raw[bit / 8] ^ (1U << (bit % 8)));
    const auto log = parse_event_log(raw);
    EXPECT_TRUE(!log || write_event_log(to_parts(*log)) == raw) << bit;
  }
}

TEST(EventLog, RecognisesLogsOnly) {
  const Buffer raw = write_event_log(agile());
  EXPECT_TRUE(is_event_log(Bytes(raw).first(60)));
  EXPECT_FALSE(is_event_log(Bytes(raw).first(40)));
  EXPECT_FALSE(is_event_log({}));
  EXPECT_FALSE(is_event_log(Buffer(5000, 0xff)));
  EXPECT_FALSE(is_event_log(Buffer(5000, 0)));
  EXPECT_FALSE(is_event_log(as_bytes(std::string(400, 'x'))));
  Buffer cut = write_event_log(sha1());
  cut.pop_back();
  EXPECT_FALSE(is_event_log(cut));  // nothing in it says that it is one
  Buffer other = raw;
  other[46] = '7';
  EXPECT_FALSE(is_event_log(other));
}

}  // namespace
}  // namespace ward::tcg
