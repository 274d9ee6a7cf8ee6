#include "tee/tcg/inspect.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kBanks = {Algorithm::kSha256, Algorithm::kSha384};

LogParts parts() {
  LogParts out;
  out.spec.algorithms = {{0x0b, 32}, {0x0c, 48}};
  const Buffer separator(4, 0);
  out.events = {
      measured(7, event_type::kEfiAction, as_bytes("act"), as_bytes("act"), kBanks),
      measured(7, 0x8401, as_bytes("x"), as_bytes("x"), kBanks),
      measured(8, event_type::kIpl, as_bytes("menu {\n\tx\r}"),
               as_bytes("grub_cmd: menu {\n\tx\r}\0"sv), kBanks),
      measured(7, event_type::kSeparator, separator, separator, kBanks),
      measured(7, event_type::kSeparator, separator, separator, kBanks),
      measured(4, event_type::kEfiAction, as_bytes("x"), as_bytes("changed"), kBanks),
      measured(4, event_type::kPostCode, as_bytes("code"), as_bytes("ACPI DATA"), kBanks),
  };
  out.padding = 3;
  return out;
}

TEST(InspectLog, PrintsEveryEventOnItsLines) {
  const Buffer raw = write_event_log(parts());
  const auto text = inspect_text(*parse_event_log(raw));
  ASSERT_TRUE(text);
  const auto has = [&text](std::string_view what) { return text->find(what) != std::string::npos; };
  EXPECT_TRUE(has("TCG event log of a measured boot, not authenticated\n  form = crypto agile\n"));
  EXPECT_TRUE(has("the PCRs of sha384 that these events give\n  PCR 4 = "));
  EXPECT_TRUE(has("remarks\n  event 5: separator repeated\n"));
  EXPECT_TRUE(has("  0  EV_NO_ACTION  extends nothing\n       signature = Spec ID Event03\n"));
  EXPECT_TRUE(has("  1  PCR 7  EV_EFI_ACTION  what it says was hashed\n       text = act\n"));
  EXPECT_TRUE(has("  2  PCR 7  0x00008401  what it says was hashed\n"));
  EXPECT_TRUE(
      has("  3  PCR 8  EV_IPL  a part of what it says was hashed\n"
          "       grub_command = menu {\\n x\\r}\n"));
  EXPECT_TRUE(has("  6  PCR 4  EV_EFI_ACTION  NOT what was hashed\n"));
  EXPECT_TRUE(has("  7  PCR 4  EV_POST_CODE  describes what was hashed\n"));
}

TEST(InspectLog, PrintsJson) {
  const Buffer raw = write_event_log(parts());
  const auto text = inspect_json(*parse_event_log(raw));
  ASSERT_TRUE(text);
  const auto value = codec::parse_json(as_bytes(*text));
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("schema")->as_string(), kEventLogSchema);
  EXPECT_EQ(value->find("algorithm")->as_string(), "sha384");
  EXPECT_EQ(value->find("registers")->as_string(), "PCR");
  EXPECT_EQ(value->find("events")->items().size(), 8U);
}

TEST(InspectLog, TheLayoutCoversEveryOctetOnce) {
  LogParts old;
  old.form = Form::kSha1;
  constexpr std::array kOne = {Algorithm::kSha1};
  old.events = {measured(0, event_type::kCrtmVersion, as_bytes("v"), as_bytes("v"), kOne),
                measured(0, event_type::kEfiAction, {}, Buffer(100, 7), kOne)};
  for (const LogParts& p : {parts(), old}) {
    const Buffer raw = write_event_log(p);
    const auto log = parse_event_log(raw);
    ASSERT_TRUE(log);
    std::size_t at = 0;
    for (const attest::LayoutField& field : log_layout(*log)) {
      EXPECT_EQ(field.offset, at) << field.name;
      EXPECT_GT(field.size, 0U) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, raw.size());
  }
}

TEST(InspectLog, SaysWhyItCannot) {
  LogParts unknown;
  unknown.spec.algorithms = {{0x12, 32}};
  const Buffer raw = write_event_log(unknown);
  EXPECT_EQ(inspect_json(*parse_event_log(raw)).error().code(), Errc::kUnsupported);
  LogParts far = parts();
  far.events[0].register_index = 24;
  const Buffer bad = write_event_log(far);
  EXPECT_EQ(inspect_text(*parse_event_log(bad)).error().code(), Errc::kMalformed);
  EXPECT_EQ(inspect_json(*parse_event_log(bad)).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::tcg
