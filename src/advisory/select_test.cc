#include "advisory/select.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "advisory/advisory_json.h"
#include "codec/json.h"

namespace ward::advisory {
namespace {

bool has(const Selection& selection, std::string_view id) {
  return std::ranges::any_of(selection.entries,
                             [&](const Entry& entry) { return entry.attack->id == id; });
}

bool left_out(const Selection& selection, std::string_view id) {
  return std::ranges::any_of(selection.undated, [&](const Attack* a) { return a->id == id; });
}

TEST(Select, WithoutAFilterEverythingIsThereTheOldestFirst) {
  const Selection all = select(Filter{});
  EXPECT_EQ(all.entries.size(), attacks().size());
  EXPECT_TRUE(all.undated.empty());
  EXPECT_TRUE(std::ranges::is_sorted(all.entries, {}, [](const Entry& entry) {
    const Date& d = entry.attack->date;
    return d.year * 10000 + static_cast<int>(d.month * 100 + d.day);
  }));
}

TEST(Select, ATeeHasItsOwnAttacksItsMakersAndThoseOfEveryTee) {
  const Selection snp = select(Filter{.tee = "snp"});
  EXPECT_TRUE(has(snp, "badram"));
  EXPECT_TRUE(has(snp, "vmscape"));                // AMD processors
  EXPECT_TRUE(has(snp, "intra-handshake-relay"));  // any
  EXPECT_FALSE(has(snp, "tdxdown"));
  EXPECT_FALSE(has(snp, "severed"));       // SEV before SNP
  EXPECT_FALSE(has(snp, "retbleed-amd"));  // believed alone to be of AMD
  EXPECT_TRUE(has(select(Filter{.tee = "amd"}), "retbleed-amd"));
  EXPECT_TRUE(has(select(Filter{.tee = "other"}), "contrast-relay"));
  EXPECT_FALSE(has(select(Filter{.tee = "other"}), "badram"));
  for (const Selection& hardware : {snp, select(Filter{.tee = "tdx"})}) {
    for (const Entry& entry : hardware.entries) {
      EXPECT_TRUE(has(select(Filter{.tee = "azure"}), entry.attack->id)) << entry.attack->id;
    }
  }
  EXPECT_FALSE(has(select(Filter{.tee = "azure"}), "contrast-relay"));
}

TEST(Select, SinceKeepsTheDayItselfAndWhatMayHaveBeenLater) {
  const auto since = [](std::string_view day) { return select(Filter{.since = parse_date(day)}); };
  EXPECT_TRUE(has(since("2025-10-14"), "rmpocalypse"));  // of that day
  EXPECT_FALSE(has(since("2025-10-15"), "rmpocalypse"));
  EXPECT_FALSE(left_out(since("2025-10-15"), "rmpocalypse"));  // its date is verified
  EXPECT_TRUE(has(since("2025-12-31"), "badaml"));             // "2025"
  EXPECT_FALSE(has(since("2026-01-01"), "badaml"));
  EXPECT_TRUE(has(since("2026-08-31"), "aspbreaker"));  // "2026-08"
  EXPECT_FALSE(has(since("2026-09-01"), "aspbreaker"));
}

TEST(Select, ADateThatNobodyVerifiedLeavesNothingOutInSilence) {
  const Selection late = select(Filter{.since = parse_date("2026-01-01")});
  EXPECT_FALSE(has(late, "badram"));
  EXPECT_TRUE(left_out(late, "badram"));         // unverified
  EXPECT_TRUE(left_out(late, "old-microcode"));  // unknown
  for (const Attack* attack : late.undated)
    EXPECT_FALSE(attack->date.known() && attack->date.verified) << attack->id;
}

TEST(Select, ADayIsWrittenWhole) {
  EXPECT_TRUE(parse_date("2024-02-29"));
  for (const char* text : {"", "2025", "2025-10", "2025-02-29", "2025-10-14T00:00:00Z", "25-10-14",
                           "2025-1-014", "2025-10-14 ", "2025/10/14", "-025-10-14", "0x25-10-14"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(Select, DatesSayWhatIsKnown) {
  EXPECT_EQ(date_text({2025, 3, 9, false}), "2025-03-09 (unverified)");
  EXPECT_EQ(date_text({2025, 12, 0}), "2025-12");
  EXPECT_EQ(date_text({2025, 0, 0}), "2025");
  EXPECT_EQ(date_text({}), "date unknown");
  EXPECT_EQ(format_rfc3339(last_day({2025, 12, 0})), "2025-12-31T00:00:00Z");
  EXPECT_EQ(format_rfc3339(last_day({2024, 2, 0})), "2024-02-29T00:00:00Z");
  EXPECT_EQ(format_rfc3339(last_day({2025, 0, 0})), "2025-12-31T00:00:00Z");
  EXPECT_EQ(format_rfc3339(first_day({2025, 0, 0})), "2025-01-01T00:00:00Z");
}

TEST(Select, TheJsonOfEverythingAndOfAPlatformIsWellFormed) {
  codec::JsonWriter all;
  write_selection(all, select(Filter{}), nullptr);
  EXPECT_TRUE(all.take());
  attest::Appraisal platform;
  platform.tee = "snp";
  codec::JsonWriter judged;
  write_selection(judged, select(judge(platform), Filter{}), &platform);
  const auto text = judged.take();
  ASSERT_TRUE(text);
  EXPECT_NE(text->find(R"("exposure":{"state":"not shown")"), std::string::npos);
  EXPECT_NE(text->find(R"("genuine":false)"), std::string::npos);
}

}  // namespace
}  // namespace ward::advisory
