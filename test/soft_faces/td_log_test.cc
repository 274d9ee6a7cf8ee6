#include "tee/soft/td_log.h"

#include <gtest/gtest.h>

#include "tee/tcg/replay.h"
#include "tee/tcg/statement.h"
#include "test/soft_faces/machine_fixture.h"

namespace ward::soft {
namespace {

using faces_fixture::canonical;

TdLog log_of(Bytes form) { return *TdLog::create(form); }

// The log gives the registers, and nothing in it is amiss.
void expect_replays(const TdLog& log) {
  const Buffer octets = log.log();
  const auto parsed = tcg::parse_event_log(octets);
  ASSERT_TRUE(parsed);
  const auto replayed = tcg::replay(*parsed, tcg::Registers::kRtmr, tcg::Algorithm::kSha384);
  ASSERT_TRUE(replayed);
  EXPECT_TRUE(replayed->remarks.empty());
  std::vector<tcg::ExpectedRegister> expected;
  for (std::uint32_t i = 0; i < 4; ++i)
    expected.push_back({i, log.registers().at(i)});
  for (const tcg::Comparison& c : tcg::compare(*replayed, expected)) {
    EXPECT_TRUE(c.outcome == tcg::Outcome::kMatches || c.outcome == tcg::Outcome::kUntouched)
        << c.number << " " << tcg::to_text(c.outcome);
  }
}

std::vector<std::string> measured(const TdLog& log, std::uint32_t number) {
  const Buffer octets = log.log();
  const auto parsed = tcg::parse_event_log(octets);
  const auto statements =
      tcg::read_statements(*parsed, tcg::Registers::kRtmr, tcg::Algorithm::kSha384);
  const auto claims = tcg::measured_claims(*statements, tcg::Registers::kRtmr, std::array{number});
  return claims.empty() ? std::vector<std::string>{}
                        : std::get<std::vector<std::string>>(claims[0].value);
}

TEST(TdLog, ListsPlatformFilesAndTheRestInTheirRegisters) {
  TdLog log = log_of(canonical());
  ASSERT_TRUE(log.extend(3, as_bytes("a model was loaded")));
  expect_replays(log);
  EXPECT_EQ(measured(log, 0), std::vector<std::string>{"ward software TEE, TDX face, 1"});
  const std::string digest = to_hex(crypto::sha256(as_bytes("0")));
  EXPECT_EQ(measured(log, 1), (std::vector<std::string>{"file [\"/app/0\",73,\"" + digest + "\",0]",
                                                        "link [\"/bin/sh\",\"/app/0\"]"}));
  EXPECT_EQ(measured(log, 2), (std::vector<std::string>{"argv [\"/app/run\"]", "name \"small\"",
                                                        "broker null", "limits {\"seconds\":60}",
                                                        "version 1", "environment {\"A\":\"b\"}"}));
  EXPECT_EQ(measured(log, 3), std::vector<std::string>{"a model was loaded"});
}

TEST(TdLog, ChangesTheRegisterOfWhatChanges) {
  const auto one = log_of(canonical()).registers();
  const auto argument = log_of(canonical("/app/other")).registers();
  const auto files = log_of(canonical("/app/run", 2)).registers();
  EXPECT_EQ(one[1], argument[1]);
  EXPECT_NE(one[2], argument[2]);
  EXPECT_NE(one[1], files[1]);
  EXPECT_EQ(one[2], files[2]);
  EXPECT_EQ(one[0], files[0]);
  EXPECT_TRUE(all_zero(one[3]));
}

TEST(TdLog, MeasuresManyFilesInOneDigest) {
  // One link is there already.
  const TdLog most = log_of(canonical("/app/run", kMaxListedFiles - 1));
  EXPECT_EQ(measured(most, 1).size(), kMaxListedFiles);
  expect_replays(most);
  const TdLog more = log_of(canonical("/app/run", kMaxListedFiles));
  EXPECT_EQ(measured(more, 1).size(), 1U);
  expect_replays(more);
  EXPECT_LT(more.log().size(), 2000U);
  EXPECT_NE(more.registers()[1], log_of(canonical("/app/run", kMaxListedFiles + 1)).registers()[1]);
  const TdLog long_names = log_of(canonical("/app/run", 200, 1000));
  EXPECT_EQ(measured(long_names, 1).size(), 1U);
  EXPECT_NE(long_names.registers()[1], log_of(canonical("/app/run", 200, 1001)).registers()[1]);
}

TEST(TdLog, DoesNotListALongMember) {
  const TdLog log = log_of(canonical(std::string(5000, 'a')));
  expect_replays(log);
  EXPECT_LT(log.log().size(), 2000U);
  EXPECT_NE(log.registers()[2], log_of(canonical(std::string(5001, 'a'))).registers()[2]);
}

TEST(TdLog, ExtendsRtmr3Alone) {
  TdLog log = log_of(canonical());
  const auto before = log.registers();
  const Buffer event(8, 1);
  for (const unsigned index : {0U, 1U, 2U, 4U, 100U})
    EXPECT_EQ(log.extend(index, event).error().code(), Errc::kDenied) << index;
  EXPECT_EQ(log.extend(3, {}).error().code(), Errc::kMalformed);
  EXPECT_EQ(log.extend(3, Buffer(kMaxEventData + 1)).error().code(), Errc::kLimit);
  EXPECT_EQ(log.registers(), before);
  ASSERT_TRUE(log.extend(3, event));
  EXPECT_EQ(log.registers()[3], crypto::sha384(concat({Buffer(48, 0), crypto::sha384(event)})));
  EXPECT_EQ(log.registers()[2], before[2]);
}

TEST(TdLog, HoldsSoManyEventsAndNoMore) {
  TdLog log = log_of(canonical());
  for (std::size_t i = 0; i < kMaxRuntimeEvents; ++i)
    ASSERT_TRUE(log.extend(3, Buffer(kMaxEventData, static_cast<std::uint8_t>(i)))) << i;
  const auto full = log.registers();
  EXPECT_EQ(log.extend(3, Buffer(1, 1)).error().code(), Errc::kLimit);
  EXPECT_EQ(log.registers(), full);
  expect_replays(log);
}

TEST(TdLog, RefusesWhatIsNoMeasuredForm) {
  EXPECT_EQ(TdLog::create({}).error().code(), Errc::kTruncated);
  EXPECT_EQ(TdLog::create(Buffer{0x80}).error().code(), Errc::kMalformed);
  EXPECT_EQ(TdLog::create(Buffer{0xa0, 0x00}).error().code(), Errc::kMalformed);
  for (const char* lossy : {"a10100", "a16161c100", "a16161a10100", "a161613bffffffffffffffff"})
    EXPECT_EQ(TdLog::create(*from_hex(lossy)).error().code(), Errc::kMalformed) << lossy;
  EXPECT_TRUE(TdLog::create(*from_hex("a1616120")));
  codec::CborWriter w;
  w.begin_map();
  for (std::uint64_t i = 0; i < 65; ++i)
    w.name("m" + std::to_string(i)).uint(i);
  EXPECT_EQ(TdLog::create(*w.end_map().take()).error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace ward::soft
