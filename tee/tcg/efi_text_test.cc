#include "tee/tcg/efi_text.h"

#include <gtest/gtest.h>

#include "tee/tcg/device_path.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

std::optional<std::string> utf8(std::string_view octets) { return utf16_to_utf8(as_bytes(octets)); }

std::optional<std::string> text(std::string_view octets) { return text_of(as_bytes(octets)); }

TEST(EfiText, ConvertsUtf16) {
  EXPECT_EQ(utf8("P\0K\0"sv), "PK");
  EXPECT_EQ(utf8(""sv), "");
  EXPECT_EQ(utf8("\xe9\0\xff\x07\0\x08\xac\x20"sv), "\u00e9\u07ff\u0800\u20ac");
  EXPECT_EQ(utf8("\x3d\xd8\x00\xde"sv), "\U0001f600");
  EXPECT_EQ(utf8("\xff\xdb\xff\xdf"sv), "\U0010ffff");
  EXPECT_EQ(utf8("P\0K"sv), std::nullopt);              // odd
  EXPECT_EQ(utf8("\x3d\xd8"sv), std::nullopt);          // high alone
  EXPECT_EQ(utf8("\x3d\xd8P\0"sv), std::nullopt);       // high, then a letter
  EXPECT_EQ(utf8("\x00\xde"sv), std::nullopt);          // low alone
  EXPECT_EQ(utf8("\x3d\xd8\x3d\xd8"sv), std::nullopt);  // high twice
  EXPECT_EQ(utf8("P\0\0\0K\0"sv), std::nullopt);        // NUL
}

TEST(EfiText, ShowsNoControlCharacters) {
  EXPECT_TRUE(is_plain("a\tb\r\nc \u00e9\u00a0"));
  for (const char* bad : {"\x1b[2J", "\x01", "\x7f", "\u0080", "\u009b", "\xff", "\xc3"})
    EXPECT_FALSE(is_plain(bad)) << bad;
  EXPECT_FALSE(is_plain("a\0b"sv));
}

TEST(EfiText, FindsTheTextOfAnEvent) {
  EXPECT_EQ(text("ACPI DATA"sv), "ACPI DATA");
  EXPECT_EQ(text("MokList\0"sv), "MokList");
  EXPECT_EQ(text("grub_cmd [  ]\0`"sv), "grub_cmd [  ]");
  EXPECT_EQ(text("etc/acpi/rsdp\0\0\0\0"sv), "etc/acpi/rsdp");
  EXPECT_EQ(text("k\0e\0r\0n\0e\0l\0\0\0\0\0"sv), "kernel");
  EXPECT_EQ(text("f\0f\0\0"sv), "ff");
  EXPECT_EQ(text("v\0"sv), "v");
  EXPECT_EQ(text("\0\0"sv), std::nullopt);
  EXPECT_EQ(text(""sv), std::nullopt);
  EXPECT_EQ(text("abc\0de\0"sv), std::nullopt);
  EXPECT_EQ(text("a\0b\0\0\0c\0"sv), std::nullopt);
  EXPECT_EQ(text("\x1b[2J"sv), std::nullopt);
  EXPECT_EQ(text("\x1b\0[\0"sv), std::nullopt);
}

TEST(EfiText, WritesGuids) {
  Guid guid{};
  for (std::size_t i = 0; i < guid.size(); ++i)
    guid[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(to_text(guid), "03020100-0504-0706-0809-0a0b0c0d0e0f");
  EXPECT_EQ(guid_name(guid), nullptr);
  const auto global = to_array<16>(*from_hex("61dfe48bca93d211aa0d00e098032b8c"));
  EXPECT_STREQ(guid_name(*global), "EFI_GLOBAL_VARIABLE");
}

struct PathCase {
  const char* hex;
  const char* want;  // nullptr: no device path
};

constexpr PathCase kPaths[] = {
    {"7fff0400", ""},
    {"02010c00d041030a00000000"
     "010106000003"
     "030217"
     "",
     nullptr},
    {"02010c00d041030a00000000"
     "010106000103"
     "7fff0400",
     "PciRoot(0x0)/Pci(0x3,0x1)"},
    {"02010c00d041080a01000000"
     "7fff0400",
     "PcieRoot(0x1)"},
    {"02010c00d041090a01000000"
     "7fff0400",
     "Acpi(0xa0941d0,0x1)"},
    {"0302080001000200"
     "7fff0400",
     "Scsi(0x1,0x2)"},
    {"030506000102"
     "7fff0400",
     "USB(0x1,0x2)"},
    {"03120a00010002000300"
     "7fff0400",
     "Sata(0x1,0x2,0x3)"},
    {"03171000010000000102030405060708"
     "7fff0400",
     "NVMe(0x1,0102030405060708)"},
    {"03180800aabbccdd"
     "7fff0400",
     "Path(3,24,aabbccdd)"},
    {"0318080061623a2f"
     "7fff0400",
     "Uri(ab:/)"},
    {"030b2500"
     "0102030405060000000000000000000000000000000000000000000000000000"
     "01"
     "7fff0400",
     "MAC(010203040506,0x1)"},
    {"030a1400"
     "61dfe48bca93d211aa0d00e098032b8c"
     "7fff0400",
     "VenMsg(8be4df61-93ca-11d2-aa0d-00e098032b8c)"},
    {"01041600"
     "61dfe48bca93d211aa0d00e098032b8c"
     "beef"
     "7fff0400",
     "VenHw(8be4df61-93ca-11d2-aa0d-00e098032b8c,beef)"},
    {"04031400"
     "61dfe48bca93d211aa0d00e098032b8c"
     "7fff0400",
     "VenMedia(8be4df61-93ca-11d2-aa0d-00e098032b8c)"},
    {"04061400"
     "61dfe48bca93d211aa0d00e098032b8c"
     "7fff0400",
     "FvFile(8be4df61-93ca-11d2-aa0d-00e098032b8c)"},
    {"04071400"
     "61dfe48bca93d211aa0d00e098032b8c"
     "7fff0400",
     "Fv(8be4df61-93ca-11d2-aa0d-00e098032b8c)"},
    {"04012a00"
     "01000000"
     "0008000000000000"
     "0010000000000000"
     "61dfe48bca93d211aa0d00e098032b8c"
     "02"
     "02"
     "7fff0400",
     "HD(1,GPT,8be4df61-93ca-11d2-aa0d-00e098032b8c,0x800,0x1000)"},
    {"04012a00"
     "01000000"
     "0008000000000000"
     "0010000000000000"
     "61dfe48bca93d211aa0d00e098032b8c"
     "01"
     "01"
     "7fff0400",
     "HD(1,MBR,61dfe48b,0x800,0x1000)"},
    {"04021800"
     "01000000"
     "0008000000000000"
     "0010000000000000"
     "7fff0400",
     "CDROM(0x1,0x800,0x1000)"},
    {"04081800"
     "00000000"
     "0008000000000000"
     "0010000000000000"
     "7fff0400",
     "Offset(0x800,0x1000)"},
    {"01031800"
     "0b000000"
     "0008000000000000"
     "0010000000000000"
     "7fff0400",
     "MemoryMapped(0xb,0x800,0x1000)"},
    {"04040a005c0061000000"
     "7fff0400",
     "\\a"},
    {"04040a005c0061006200"
     "7fff0400",
     "Path(4,4,5c0061006200)"},  // no NUL
    {"04040a005c001b000000"
     "7fff0400",
     "Path(4,4,5c001b000000)"},  // a control character
    {"04040a005c0000d80000"
     "7fff0400",
     "Path(4,4,5c0000d80000)"},  // half a character
    {"0101070000030f"
     "7fff0400",
     "Path(1,1,00030f)"},
    {"05010900010203"
     "0405"
     "7fff0400",
     "Path(5,1,0102030405)"},
    {"010106000003"
     "7f010400"
     "010106000004"
     "7fff0400",
     "Pci(0x3,0x0),Pci(0x4,0x0)"},
    {"", nullptr},
    {"7fff040000", nullptr},    // behind the end
    {"7fff050000", nullptr},    // an end with a body
    {"7f020400", nullptr},      // no such end
    {"01010300", nullptr},      // shorter than its head
    {"01010700", nullptr},      // longer than the rest
    {"010106000003", nullptr},  // no end
};

TEST(DevicePath, WritesUefisText) {
  for (const PathCase& c : kPaths) {
    SCOPED_TRACE(c.hex);
    const auto octets = from_hex(c.hex);
    ASSERT_TRUE(octets);
    const auto got = device_path_text(*octets);
    ASSERT_EQ(got.has_value(), c.want != nullptr);
    if (got) {
      EXPECT_EQ(*got, c.want);
    }
  }
}

TEST(DevicePath, ACutAtEveryLengthIsNone) {
  const auto whole = from_hex("02010c00d041030a0000000001010600000304040a005c00610000007fff0400");
  ASSERT_EQ(device_path_text(*whole), "PciRoot(0x0)/Pci(0x3,0x0)/\\a");
  for (std::size_t n = 0; n < whole->size(); ++n)
    EXPECT_EQ(device_path_text(Bytes(*whole).first(n)), std::nullopt) << n;
}

}  // namespace
}  // namespace ward::tcg
