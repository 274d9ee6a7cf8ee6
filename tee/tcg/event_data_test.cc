#include "tee/tcg/event_data.h"

#include <gtest/gtest.h>

#include "base/writer.h"
#include "tee/tcg/coverage.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

constexpr Algorithm kHash = Algorithm::kSha384;
constexpr const char* kGlobal = "61dfe48bca93d211aa0d00e098032b8c";

Event event(std::uint32_t type, Bytes data) { return {.type = type, .data = data}; }

EventData decode(std::uint32_t type, Bytes data) { return decode_event(event(type, data), 2); }

Buffer utf16(std::string_view ascii) {
  Writer w;
  for (const char c : ascii)
    w.u16le(static_cast<std::uint8_t>(c));
  return w.take();
}

Buffer variable(std::string_view name, Bytes value) {
  Writer w;
  w.bytes(*from_hex(kGlobal));
  w.u64le(name.size());
  w.u64le(value.size());
  w.bytes(utf16(name));
  w.bytes(value);
  return w.take();
}

Buffer image(Bytes path, std::size_t slack) {
  Writer w;
  w.u64le(0x1000);
  w.u64le(0x2000);
  w.u64le(0x3000);
  w.u64le(path.size());
  w.bytes(path);
  w.zeros(slack);
  return w.take();
}

Buffer disk(std::uint64_t count, std::size_t written) {
  Writer w;
  w.bytes(as_bytes("EFI PART"));
  w.zeros(48);
  w.bytes(*from_hex(kGlobal));
  w.zeros(20);
  w.u64le(count);
  for (std::size_t i = 0; i < written; ++i) {
    w.bytes(Buffer(16, 1));
    w.bytes(Buffer(16, 2));
    w.u64le(2048);
    w.u64le(4095);
    w.u64le(5);
    w.bytes(utf16("boot"));
    w.zeros(64);
  }
  return w.take();
}

Buffer tables(std::uint64_t count, std::size_t written) {
  Writer w;
  w.u64le(count);
  for (std::size_t i = 0; i < written; ++i) {
    w.bytes(*from_hex(kGlobal));
    w.u64le(0x809000);
  }
  return w.take();
}

Buffer described(std::string_view text, Bytes rest) {
  Writer w;
  w.u8(static_cast<std::uint8_t>(text.size()));
  w.bytes(as_bytes(text));
  w.bytes(rest);
  return w.take();
}

Buffer blob() {
  Writer w;
  w.u64le(0xffc00000);
  w.u64le(0x84000);
  return w.take();
}

TEST(EventData, ReadsVariables) {
  const Buffer data = variable("SecureBoot", Buffer{1});
  for (const std::uint32_t type :
       {event_type::kEfiVariableDriverConfig, event_type::kEfiVariableBoot,
        event_type::kEfiVariableBoot2, event_type::kEfiVariableAuthority}) {
    const EventData got = decode(type, data);
    const auto* v = std::get_if<Variable>(&got);
    ASSERT_NE(v, nullptr);
    EXPECT_EQ(v->name, "SecureBoot");
    EXPECT_STREQ(guid_name(v->name_guid), "EFI_GLOBAL_VARIABLE");
    EXPECT_EQ(to_hex(v->value), "01");
  }
}

TEST(EventData, ReadsImagesWithAndWithoutPath) {
  const auto path = from_hex(
      "04040a005c0061000000"
      "7fff0400");
  for (const std::size_t slack : {0U, 8U, 9U}) {
    const EventData got = decode(event_type::kEfiBootServicesApplication, image(*path, slack));
    const auto* i = std::get_if<Image>(&got);
    ASSERT_NE(i, nullptr);
    EXPECT_EQ(i->location, 0x1000U);
    EXPECT_EQ(i->length, 0x2000U);
    EXPECT_EQ(i->link_time_address, 0x3000U);
    EXPECT_EQ(i->device_path, "\\a");
  }
  const EventData bare = decode(event_type::kEfiRuntimeServicesDriver, image({}, 0));
  EXPECT_EQ(std::get<Image>(bare).device_path, "");
}

TEST(EventData, ReadsFirmware) {
  const EventData one = decode(event_type::kEfiPlatformFirmwareBlob, blob());
  EXPECT_EQ(std::get<FirmwareBlob>(one).base, 0xffc00000U);
  EXPECT_EQ(std::get<FirmwareBlob>(one).length, 0x84000U);
  const EventData two =
      decode(event_type::kEfiPlatformFirmwareBlob2, described("Fv(X)\0"sv, blob()));
  EXPECT_EQ(std::get<FirmwareBlob>(two).description, "Fv(X)");
  EXPECT_EQ(std::get<FirmwareBlob>(two).base, 0xffc00000U);
  const EventData post = decode(event_type::kPostCode, blob());
  EXPECT_EQ(std::get<FirmwareBlob>(post).length, 0x84000U);
  const EventData acpi = decode(event_type::kPostCode, as_bytes("ACPI DATA"));
  EXPECT_EQ(std::get<Text>(acpi).text, "ACPI DATA");
}

TEST(EventData, ReadsTables) {
  const EventData one = decode(event_type::kEfiHandoffTables, tables(2, 2));
  ASSERT_EQ(std::get<HandoffTables>(one).tables.size(), 2U);
  EXPECT_EQ(std::get<HandoffTables>(one).tables[1].address, 0x809000U);
  const EventData two =
      decode(event_type::kEfiHandoffTables2, described("td_hob\0"sv, tables(1, 1)));
  EXPECT_EQ(std::get<HandoffTables>(two).description, "td_hob");
  EXPECT_EQ(std::get<HandoffTables>(two).tables.size(), 1U);
}

TEST(EventData, ReadsDisks) {
  for (const std::uint32_t type : {event_type::kEfiGptEvent, event_type::kEfiGptEvent2}) {
    const EventData got = decode(type, disk(2, 2));
    const auto* d = std::get_if<Disk>(&got);
    ASSERT_NE(d, nullptr);
    EXPECT_EQ(to_text(d->guid), "8be4df61-93ca-11d2-aa0d-00e098032b8c");
    ASSERT_EQ(d->partitions.size(), 2U);
    EXPECT_EQ(d->partitions[1].first_block, 2048U);
    EXPECT_EQ(d->partitions[1].last_block, 4095U);
    EXPECT_EQ(d->partitions[1].attributes, 5U);
    EXPECT_EQ(d->partitions[1].name, "boot");
  }
}

TEST(EventData, ReadsNotices) {
  const EventData locality = decode(event_type::kNoAction, as_bytes("StartupLocality\0\3"sv));
  EXPECT_EQ(std::get<StartupLocality>(locality).locality, 3);
  const EventData manifest = decode(event_type::kNoAction, as_bytes("SP800-155 Event3....."));
  EXPECT_EQ(std::get<Notice>(manifest).signature, "SP800-155 Event3");
  const EventData other = decode(event_type::kNoAction, Buffer(40, 1));
  EXPECT_TRUE(std::holds_alternative<Opaque>(other));
  EXPECT_TRUE(std::holds_alternative<Opaque>(decode(event_type::kNoAction, Buffer(3, 1))));
}

TEST(EventData, ReadsTags) {
  const auto tagged = from_hex(
      "ec223b8f0d000000"
      "4c696e757820696e6974726400");
  const EventData got = decode(event_type::kEventTag, *tagged);
  EXPECT_EQ(std::get<Tagged>(got).id, 0x8f3b22ecU);
  EXPECT_EQ(std::get<Tagged>(got).text, "Linux initrd");
  EXPECT_EQ(std::get<Tagged>(got).data.size(), 13U);
  const EventData octets = decode(event_type::kEventTag, *from_hex("0100000002000000"
                                                                   "0102"));
  EXPECT_EQ(std::get<Tagged>(octets).text, "");
  const EventData text = decode(event_type::kEventTag, as_bytes("LOADED_IMAGE::LoadOptions\0"sv));
  EXPECT_EQ(std::get<Text>(text).text, "LOADED_IMAGE::LoadOptions");
}

struct TextCase {
  std::string_view data;
  TextKind kind;
  std::string_view want;
};

constexpr TextCase kTexts[] = {
    {"grub_cmd: set default=0\0"sv, TextKind::kGrubCommand, "set default=0"},
    {"grub_cmd set pager=1\0\0"sv, TextKind::kGrubCommand, "set pager=1"},
    {"grub_cmd [  ]\0`"sv, TextKind::kGrubCommand, "[  ]"},
    {"kernel_cmdline: /vmlinuz ro\0"sv, TextKind::kKernelCommandLine, "/vmlinuz ro"},
    {"grub_kernel_cmdline /vmlinuz ro\0l"sv, TextKind::kKernelCommandLine, "/vmlinuz ro"},
    {"module_cmdline: /m x\0"sv, TextKind::kModuleCommandLine, "/m x"},
    {"/boot/vmlinuz\0"sv, TextKind::kFile, "/boot/vmlinuz"},
    {"(hd0,gpt1)/grub.cfg\0"sv, TextKind::kFile, "(hd0,gpt1)/grub.cfg"},
    {"MokList\0"sv, TextKind::kPlain, "MokList"},
    {"i\0n\0\0"sv, TextKind::kPlain, "in"},
};

TEST(EventData, ReadsWhatBootLoadersWrite) {
  for (const TextCase& c : kTexts) {
    SCOPED_TRACE(c.want);
    const EventData got = decode(event_type::kIpl, as_bytes(c.data));
    const auto* text = std::get_if<Text>(&got);
    ASSERT_NE(text, nullptr);
    EXPECT_EQ(text->kind, c.kind);
    EXPECT_EQ(text->text, c.want);
  }
  EXPECT_TRUE(std::holds_alternative<Opaque>(decode(event_type::kIpl, Buffer(5, 1))));
  EXPECT_TRUE(std::holds_alternative<Opaque>(decode(event_type::kIpl, {})));
}

TEST(EventData, SeparatorsAreFourOctets) {
  EXPECT_EQ(std::get<Separator>(decode(event_type::kSeparator, Buffer{1, 0, 0, 0})).value, 1U);
  for (const std::size_t size : {0U, 3U, 5U}) {
    EXPECT_TRUE(std::holds_alternative<Malformed>(decode(event_type::kSeparator, Buffer(size, 0))));
  }
}

struct BadCase {
  const char* name;
  std::uint32_t type;
  Buffer data;
};

std::vector<BadCase> bad_cases() {
  Buffer huge_name = variable("PK", {});
  huge_name[23] = 0x80;  // its length's top octet: twice the number does not fit
  Buffer huge_value = variable("PK", {});
  huge_value[31] = 0xff;
  Buffer behind = variable("PK", {});
  behind.push_back(0);
  Buffer behind_authority = behind;
  behind_authority.resize(behind.size() + 8, 0);
  Buffer half = variable("PK", {});
  half[33] = 0xd8;
  Buffer control = variable("PK", {});
  control[32] = 0x1b;
  Buffer path = image(Buffer(5, 1), 0);
  Buffer long_path = image({}, 0);
  long_path[24] = 200;
  Buffer other_table = disk(1, 1);
  other_table[0] = 'e';
  return {
      {"name_length", event_type::kEfiVariableDriverConfig, huge_name},
      {"value_length", event_type::kEfiVariableDriverConfig, huge_value},
      {"behind", event_type::kEfiVariableDriverConfig, behind},
      {"behind_authority", event_type::kEfiVariableAuthority, behind_authority},
      {"half_character", event_type::kEfiVariableBoot, half},
      {"control_character", event_type::kEfiVariableBoot, control},
      {"path", event_type::kEfiBootServicesDriver, path},
      {"path_length", event_type::kEfiBootServicesDriver, long_path},
      {"image_slack", event_type::kEfiBootServicesDriver, image({}, 10)},
      {"blob_longer", event_type::kEfiPlatformFirmwareBlob, Buffer(17, 0)},
      {"blob2_description", event_type::kEfiPlatformFirmwareBlob2, described("\1\2", blob())},
      {"blob2_longer", event_type::kEfiPlatformFirmwareBlob2, described("x", Buffer(17, 0))},
      {"tables_fewer", event_type::kEfiHandoffTables, tables(2, 1)},
      {"tables_more", event_type::kEfiHandoffTables, tables(1, 2)},
      {"tables_cut", event_type::kEfiHandoffTables, Buffer(7, 0)},
      {"disk_signature", event_type::kEfiGptEvent, other_table},
      {"disk_fewer", event_type::kEfiGptEvent, disk(2, 1)},
      {"disk_more", event_type::kEfiGptEvent, disk(1, 2)},
      {"locality", event_type::kNoAction, to_buffer(as_bytes("StartupLocality\0"sv))},
  };
}

TEST(EventData, SaysWhatIsMalformed) {
  for (const BadCase& c : bad_cases()) {
    SCOPED_TRACE(c.name);
    const EventData got = decode(c.type, c.data);
    const auto* bad = std::get_if<Malformed>(&got);
    ASSERT_NE(bad, nullptr);
    EXPECT_EQ(bad->error.code(), Errc::kMalformed);
  }
}

TEST(EventData, ACutAtEveryLengthIsNothingElse) {
  const auto path = from_hex(
      "04040a005c0061000000"
      "7fff0400");
  const std::pair<std::uint32_t, Buffer> wholes[] = {
      {event_type::kEfiVariableDriverConfig, variable("SecureBoot", Buffer{1})},
      {event_type::kEfiBootServicesApplication, image(*path, 0)},
      {event_type::kEfiPlatformFirmwareBlob, blob()},
      {event_type::kEfiPlatformFirmwareBlob2, described("Fv", blob())},
      {event_type::kEfiHandoffTables, tables(2, 2)},
      {event_type::kEfiHandoffTables2, described("T", tables(1, 1))},
      {event_type::kEfiGptEvent, disk(2, 2)},
  };
  for (const auto& [type, whole] : wholes) {
    EXPECT_FALSE(std::holds_alternative<Malformed>(decode(type, whole)));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      EXPECT_TRUE(std::holds_alternative<Malformed>(decode(type, Bytes(whole).first(n))))
          << type << " " << n;
    }
  }
}

// Platforms of 32 bits lay some structures out otherwise.
TEST(EventData, ReadsNoStructuresOfOtherPlatforms) {
  const Buffer data = image({}, 0);
  for (const std::uint32_t type :
       {event_type::kEfiBootServicesApplication, event_type::kEfiGptEvent,
        event_type::kEfiHandoffTables, event_type::kEfiHandoffTables2})
    EXPECT_TRUE(std::holds_alternative<Opaque>(decode_event(event(type, data), 1)));
}

Covered cover(std::uint32_t type, std::string_view data, std::string_view hashed) {
  return covered_by(event(type, as_bytes(data)), kHash, digest(kHash, as_bytes(hashed)));
}

TEST(Coverage, ComparesTheWholeData) {
  EXPECT_EQ(cover(event_type::kEfiAction, "act", "act").coverage, Coverage::kWhole);
  EXPECT_EQ(as_text(cover(event_type::kEfiAction, "act", "act").octets), "act");
  EXPECT_EQ(cover(event_type::kEfiAction, "act", "other").coverage, Coverage::kMismatch);
  EXPECT_EQ(cover(event_type::kNonhostInfo, "act", "other").coverage, Coverage::kDescription);
  EXPECT_EQ(cover(event_type::kEfiGptEvent2, "act", "other").coverage, Coverage::kDescription);
  EXPECT_EQ(cover(event_type::kNoAction, "act", "act").coverage, Coverage::kNotExtended);
  EXPECT_TRUE(cover(event_type::kNoAction, "act", "act").octets.empty());
  EXPECT_EQ(cover(0x12345678, "act", "act").coverage, Coverage::kWhole);
  EXPECT_EQ(cover(0x12345678, "act", "other").coverage, Coverage::kDescription);
}

struct PartCase {
  const char* name;
  std::uint32_t type;
  std::string_view data;
  std::string_view hashed;
  Coverage want;
  std::string_view octets;
};

constexpr PartCase kParts[] = {
    {"grub_2_06", event_type::kIpl, "grub_cmd: ls\0"sv, "ls", Coverage::kPart, "ls"},
    {"grub_with_nul", event_type::kIpl, "grub_cmd ls\0"sv, "ls\0"sv, Coverage::kPart, "ls\0"sv},
    {"grub_with_garbage", event_type::kIpl, "grub_cmd ls\0`"sv, "ls\0"sv, Coverage::kPart,
     "ls\0"sv},
    {"grub_all", event_type::kIpl, "grub_cmd ls\0\0"sv, "ls\0\0"sv, Coverage::kPart, "ls\0\0"sv},
    {"grub_file", event_type::kIpl, "/vmlinuz\0"sv, "its octets", Coverage::kDescription, ""},
    {"prefix_alone", event_type::kIpl, "grub_cmd: ls\0"sv, "grub_cmd: ", Coverage::kDescription,
     ""},
    {"nul", event_type::kIpl, "text\0"sv, "text", Coverage::kPart, "text"},
    {"wide_nul", event_type::kIpl, "t\0x\0\0\0"sv, "t\0x\0"sv, Coverage::kPart, "t\0x\0"sv},
    {"cut_wide_nul", event_type::kIpl, "t\0x\0\0"sv, "t\0x\0\0\0"sv, Coverage::kWhole,
     "t\0x\0\0"sv},
    {"cut_elsewhere", event_type::kNonhostInfo, "t\0x\0\0"sv, "t\0x\0\0\0"sv,
     Coverage::kDescription, ""},
    {"action_nul", event_type::kEfiAction, "act\0"sv, "act", Coverage::kPart, "act"},
    {"tagged", event_type::kEventTag, "\1\0\0\0\2\0\0\0ab"sv, "ab", Coverage::kPart, "ab"},
    {"tag_of_other", event_type::kEventTag, "\1\0\0\0\2\0\0\0ab"sv, "an initrd",
     Coverage::kDescription, ""},
    {"authority_tail", event_type::kEfiVariableAuthority, "abc\xaf", "abc", Coverage::kPart, "abc"},
    {"config_tail", event_type::kEfiVariableDriverConfig, "abc\xaf", "abc", Coverage::kMismatch,
     ""},
};

TEST(Coverage, NamesThePartThatWasHashed) {
  for (const PartCase& c : kParts) {
    SCOPED_TRACE(c.name);
    const Covered got = cover(c.type, c.data, c.hashed);
    EXPECT_EQ(got.coverage, c.want);
    EXPECT_EQ(as_text(got.octets), c.octets);
  }
}

TEST(Coverage, ABootVariableMayBeHashedByItsValueAlone) {
  const Buffer data = variable("BootOrder", Buffer{1, 0, 0, 0});
  const std::string_view text = as_text(data);
  const Covered part = cover(event_type::kEfiVariableBoot, text, "\1\0\0\0"sv);
  EXPECT_EQ(part.coverage, Coverage::kPart);
  EXPECT_EQ(to_hex(part.octets), "01000000");
  EXPECT_EQ(cover(event_type::kEfiVariableBoot, text, text).coverage, Coverage::kWhole);
  EXPECT_EQ(cover(event_type::kEfiVariableBoot2, text, "\1\0\0\0"sv).coverage, Coverage::kMismatch);
  EXPECT_EQ(cover(event_type::kEfiVariableDriverConfig, text, "\1\0\0\0"sv).coverage,
            Coverage::kMismatch);
}

TEST(Coverage, HasAWordForEach) {
  EXPECT_STREQ(to_text(Coverage::kWhole), "whole");
  EXPECT_STREQ(to_text(Coverage::kPart), "part");
  EXPECT_STREQ(to_text(Coverage::kDescription), "description");
  EXPECT_STREQ(to_text(Coverage::kMismatch), "mismatch");
  EXPECT_STREQ(to_text(Coverage::kNotExtended), "not extended");
}

}  // namespace
}  // namespace ward::tcg
