#include "tee/tcg/statement.h"

#include <gtest/gtest.h>

#include "attest/appraisal_json.h"
#include "attest/field.h"
#include "base/writer.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

using std::string_view_literals::operator""sv;

constexpr Algorithm kHash = Algorithm::kSha384;
constexpr std::array kBank = {kHash};
constexpr std::uint32_t kPolicy = 1;  // RTMR 0, as logs write it

EventParts event(std::uint32_t index, std::uint32_t type, Bytes hashed, Bytes data) {
  return measured(index, type, hashed, data, kBank);
}

EventParts event(std::uint32_t index, std::uint32_t type, std::string_view data) {
  return event(index, type, as_bytes(data), as_bytes(data));
}

EventParts separator(std::uint32_t index) {
  return event(index, event_type::kSeparator, "\0\0\0\0"sv);
}

Buffer variable(std::string_view name, Bytes value) {
  const bool database = name.starts_with("db");
  Writer w;
  w.bytes(*from_hex(database ? "cbb219d73a3d9645a3bcdad00e67656f"
                             : "61dfe48bca93d211aa0d00e098032b8c"));
  w.u64le(name.size());
  w.u64le(value.size());
  for (const char c : name)
    w.u16le(static_cast<std::uint8_t>(c));
  w.bytes(value);
  return w.take();
}

EventParts config(std::string_view name, Bytes value, std::uint32_t index = kPolicy) {
  const Buffer data = variable(name, value);
  return event(index, event_type::kEfiVariableDriverConfig, data, data);
}

Buffer log_of(std::vector<EventParts> events) {
  LogParts parts;
  parts.spec.algorithms = {{static_cast<std::uint16_t>(kHash), 48}};
  parts.events = std::move(events);
  return write_event_log(parts);
}

SecureBoot state_of(std::vector<EventParts> events) {
  const Buffer raw = log_of(std::move(events));
  const auto log = parse_event_log(raw);
  const auto statements = read_statements(*log, Registers::kRtmr, kHash);
  EXPECT_TRUE(statements);
  return secure_boot(*statements, Registers::kRtmr);
}

TEST(SecureBoot, IsTheFirmwaresWord) {
  const Buffer on{1};
  const Buffer off{0};
  EXPECT_EQ(state_of({config("SecureBoot", on), separator(kPolicy)}).enabled, true);
  EXPECT_EQ(state_of({config("SecureBoot", off), separator(kPolicy)}).enabled, false);
  EXPECT_EQ(state_of({config("SecureBoot", {}), separator(kPolicy)}).enabled, false);
}

struct Unknown {
  const char* name;
  std::vector<EventParts> events;
};

std::vector<Unknown> unknowns() {
  const Buffer on{1};
  const EventParts genuine = config("SecureBoot", on);
  EventParts forged = config("SecureBoot", Buffer{0});
  forged.data.back() = 1;
  EventParts other_type = genuine;
  other_type.type = event_type::kEfiVariableBoot2;
  EventParts other_guid = genuine;
  other_guid.data[0] ^= 1U;
  other_guid = event(kPolicy, other_guid.type, other_guid.data, other_guid.data);
  EventParts hidden_separator = separator(kPolicy);
  hidden_separator.type = event_type::kIpl;
  // What the firmware measured, called something else, behind a host's forgery.
  EventParts relabelled = config("SecureBoot", Buffer{0});
  relabelled.type = event_type::kPlatformConfigFlags;
  relabelled.data = to_buffer(as_bytes("bootorder"));
  EventParts unset = config("SecureBoot", {});
  unset.type = event_type::kEfiVariableBoot;
  unset.data = to_buffer(as_bytes("x"));
  const Buffer error{1, 0, 0, 0};
  const EventParts error_separator = event(kPolicy, event_type::kIpl, error, as_bytes("x"));
  return {
      {"absent", {separator(kPolicy)}},
      {"empty_log", {}},
      {"no_separator", {genuine}},
      {"separator_elsewhere", {genuine, separator(2)}},
      {"after_separator", {separator(kPolicy), genuine}},
      {"after_hidden_separator", {hidden_separator, genuine, separator(kPolicy)}},
      {"after_hidden_error", {error_separator, genuine, separator(kPolicy)}},
      {"twice", {genuine, genuine, separator(kPolicy)}},
      {"again_after", {config("SecureBoot", Buffer{0}), separator(kPolicy), genuine}},
      {"relabelled_off", {genuine, relabelled, separator(kPolicy)}},
      {"relabelled_unset", {unset, genuine, separator(kPolicy)}},
      {"relabelled_behind", {genuine, separator(kPolicy), relabelled}},
      {"data_changed", {forged, separator(kPolicy)}},
      {"other_type", {other_type, separator(kPolicy)}},
      {"other_guid", {other_guid, separator(kPolicy)}},
      {"other_register", {config("SecureBoot", on, 2), separator(kPolicy)}},
      {"value_2", {config("SecureBoot", Buffer{2}), separator(kPolicy)}},
      {"two_octets", {config("SecureBoot", Buffer{1, 0}), separator(kPolicy)}},
  };
}

TEST(SecureBoot, IsUnknownWhereSomebodyElseCouldHaveSaidIt) {
  for (const Unknown& c : unknowns()) {
    SCOPED_TRACE(c.name);
    const SecureBoot state = state_of(c.events);
    EXPECT_EQ(state.enabled, std::nullopt);
    EXPECT_STRNE(state.why_unknown, "");
  }
}

TEST(Statements, SayWhereTheyStandAndWhatIsCovered) {
  const Buffer raw =
      log_of({event(kPolicy, event_type::kEfiAction, "a"), separator(kPolicy),
              event(kPolicy, event_type::kEfiAction, "b"), event(2, event_type::kEfiAction, "c"),
              event(0, event_type::kNoAction, "SP800-155 Event3....")});
  const auto log = parse_event_log(raw);
  const auto list = read_statements(*log, Registers::kRtmr, kHash);
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 6U);
  const auto& s = *list;
  EXPECT_EQ(s[0].number, std::nullopt);
  EXPECT_EQ(s[0].covered.coverage, Coverage::kNotExtended);
  EXPECT_EQ(s[1].number, 0U);
  EXPECT_FALSE(s[1].after_separator);
  EXPECT_TRUE(s[2].is_separator);
  EXPECT_FALSE(s[2].after_separator);
  EXPECT_TRUE(s[3].after_separator);
  EXPECT_FALSE(s[4].after_separator);
  EXPECT_EQ(s[4].number, 1U);
  EXPECT_EQ(s[4].covered.coverage, Coverage::kWhole);
  EXPECT_EQ(to_hex(s[4].digest), to_hex(digest(kHash, as_bytes("c"))));
  EXPECT_EQ(s[5].number, std::nullopt);
  EXPECT_TRUE(s[5].digest.empty());
}

TEST(Statements, FailAsTheReplayDoes) {
  const Buffer raw = log_of({event(9, event_type::kEfiAction, "a")});
  const auto log = parse_event_log(raw);
  EXPECT_EQ(read_statements(*log, Registers::kRtmr, kHash).error().code(), Errc::kMalformed);
  EXPECT_EQ(read_statements(*log, Registers::kPcr, Algorithm::kSha1).error().code(),
            Errc::kUnsupported);
}

std::string text(const std::vector<attest::Claim>& claims) {
  std::string out;
  for (const attest::Claim& claim : claims)
    out += claim.name + "=" + attest::claim_text(claim.value) + "\n";
  return out;
}

std::string claims_of(std::uint32_t type, Bytes data) {
  const Buffer raw = log_of({event(kPolicy, type, data, data)});
  const auto log = parse_event_log(raw);
  const auto statements = read_statements(*log, Registers::kRtmr, kHash);
  EXPECT_TRUE(statements);
  return text(statement_claims(statements->back()));
}

std::string claims_of(std::uint32_t type, std::string_view data) {
  return claims_of(type, as_bytes(data));
}

TEST(Statements, AreClaimsReadyForJson) {
  EXPECT_EQ(claims_of(event_type::kSeparator, "\0\0\0\0"sv), "separator=0x0\n");
  EXPECT_EQ(claims_of(event_type::kSeparator, "\0"sv), "malformed=tcg.event: separator\ndata=00\n");
  EXPECT_EQ(claims_of(event_type::kNoAction, "StartupLocality\0\4"sv), "startup_locality=4\n");
  EXPECT_EQ(claims_of(event_type::kNoAction, "SP800-155 Event3..."),
            "signature=SP800-155 Event3\n");
  EXPECT_EQ(claims_of(event_type::kEfiVariableDriverConfig, variable("PK", Buffer{1, 2})),
            "variable=PK\nvariable_guid=8be4df61-93ca-11d2-aa0d-00e098032b8c "
            "(EFI_GLOBAL_VARIABLE)\nvalue=0102\n");
  EXPECT_EQ(claims_of(event_type::kEfiVariableDriverConfig, variable("PK", Buffer(65, 0))),
            "variable=PK\nvariable_guid=8be4df61-93ca-11d2-aa0d-00e098032b8c "
            "(EFI_GLOBAL_VARIABLE)\nvalue_size=65\nvalue_sha256="
            "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7\n");
  EXPECT_EQ(claims_of(event_type::kEventTag, "\xec\x22\x3b\x8f\x02\0\0\0in"sv),
            "tag=0x8f3b22ec\ntag_name=Linux initrd\ntext=in\n");
  EXPECT_EQ(claims_of(event_type::kEventTag, "\1\0\0\0\1\0\0\0\1"sv), "tag=0x1\ndata=01\n");
  EXPECT_EQ(claims_of(event_type::kIpl, "grub_cmd: ls\0"sv), "grub_command=ls\n");
  EXPECT_EQ(claims_of(event_type::kIpl, "kernel_cmdline: ro\0"sv), "kernel_command_line=ro\n");
  EXPECT_EQ(claims_of(event_type::kIpl, "module_cmdline: ro\0"sv), "module_command_line=ro\n");
  EXPECT_EQ(claims_of(event_type::kIpl, "/vmlinuz\0"sv), "file=/vmlinuz\n");
  EXPECT_EQ(claims_of(event_type::kEfiAction, "act"), "text=act\n");
  EXPECT_EQ(claims_of(event_type::kEfiAction, "\x1b[2J"), "data=1b5b324a\n");
}

TEST(Statements, AreClaimsOfStructures) {
  Writer image;
  for (const std::uint64_t v : {1U, 2U, 3U, 14U})
    image.u64le(v);
  image.bytes(*from_hex("04040a005c00610000007fff0400"));
  EXPECT_EQ(claims_of(event_type::kEfiBootServicesApplication, image.view()),
            "device_path=\\a\nimage_location=0x1\nimage_length=2\n");
  Writer blob;
  blob.u8(2);
  blob.bytes(as_bytes("Fv"));
  blob.u64le(0xffc00000);
  blob.u64le(16);
  EXPECT_EQ(claims_of(event_type::kEfiPlatformFirmwareBlob2, blob.view()),
            "description=Fv\nbase=0xffc00000\nlength=16\n");
  Writer tables;
  tables.u8(1);
  tables.bytes(as_bytes("T"));
  tables.u64le(1);
  tables.bytes(*from_hex("71e86888f1e4d311bc220080c73c8881"));
  tables.u64le(4096);
  EXPECT_EQ(
      claims_of(event_type::kEfiHandoffTables2, tables.view()),
      "description=T\ntables=8868e871-e4f1-11d3-bc22-0080c73c8881 (ACPI 2.0 table) at 0x1000\n");
  Writer disk;
  disk.bytes(as_bytes("EFI PART"));
  disk.zeros(84);
  disk.u64le(1);
  disk.zeros(128);
  const std::string zero = "00000000-0000-0000-0000-000000000000";
  EXPECT_EQ(claims_of(event_type::kEfiGptEvent, disk.view()),
            "disk=" + zero + "\npartitions=" + zero + " of type " + zero + ", blocks 0 to 0\n");
}

std::string boot(std::vector<EventParts> events, std::vector<std::uint32_t> shown) {
  const Buffer raw = log_of(std::move(events));
  const auto log = parse_event_log(raw);
  const auto statements = read_statements(*log, Registers::kRtmr, kHash);
  EXPECT_TRUE(statements);
  return text(boot_claims(*statements, Registers::kRtmr, shown));
}

TEST(BootClaims, SumUpTheRegistersThatAreShown) {
  const Buffer on{1};
  const std::string image(32, '\0');
  const auto hex = [](std::string_view data) { return to_hex(digest(kHash, as_bytes(data))); };
  const std::vector<EventParts> events = {
      config("SecureBoot", on),
      config("db", on),
      event(kPolicy, event_type::kPlatformConfigFlags, as_bytes("tables"), as_bytes("ACPI DATA")),
      separator(kPolicy),
      event(2, event_type::kEfiBootServicesApplication, as_bytes("kernel"), as_bytes(image)),
      event(3, event_type::kIpl, as_bytes("ro quiet"), as_bytes("kernel_cmdline: ro quiet\0"sv)),
      event(3, event_type::kIpl, as_bytes("other"), as_bytes("kernel_cmdline: forged\0"sv)),
      event(3, event_type::kIpl, as_bytes("file"), as_bytes("/initrd\0"sv)),
      event(3, event_type::kIpl, as_bytes("list"), as_bytes("MokList\0"sv)),
      event(3, event_type::kEventTag, as_bytes("initrd"),
            as_bytes("\xec\x22\x3b\x8f\x02\0\0\0in"sv)),
      event(3, event_type::kEventTag, as_bytes("opts"), as_bytes("\xed\x22\x3b\x8f\x02\0\0\0lo"sv)),
      event(3, event_type::kEventTag, as_bytes("opts"), as_bytes("LOADED_IMAGE::LoadOptions\0"sv)),
      event(3, event_type::kEventTag, as_bytes("initrd"), as_bytes("Linux initrd\0"sv)),
      event(4, event_type::kEventTag, "LEAA\2\0\0\0op"sv),
      event(4, event_type::kEventTag, as_bytes("other"), as_bytes("LEAA\2\0\0\0no"sv)),
  };
  EXPECT_EQ(boot(events, {0}),
            "event_log.secure_boot=true\nevent_log.db_size=1\nevent_log.db_sha256="
            "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a\n"
            "event_log.platform=" +
                hex("tables") + " ACPI DATA\n");
  EXPECT_EQ(boot(events, {1}), "event_log.images=" + hex("kernel") + "\n");
  EXPECT_EQ(boot(events, {2}),
            "event_log.files=" + hex("file") + " /initrd, " + hex("list") +
                " MokList\nevent_log.kernel_command_lines=ro quiet\nevent_log.load_options=" +
                hex("opts") + " lo, " + hex("opts") +
                " LOADED_IMAGE::LoadOptions\nevent_log.initrds=" + hex("initrd") + " in, " +
                hex("initrd") + " Linux initrd\n");
  EXPECT_EQ(boot(events, {3}), "event_log.agent_events=op\n");
  EXPECT_EQ(boot(events, {}), "");
  EXPECT_EQ(boot({separator(kPolicy)}, {0}),
            "event_log.secure_boot_unknown=the log has no such variable\n");
}

// A policy that accepts every item knows all that was measured: no label, prefix or description
// takes an event out of the list or makes it another.
TEST(MeasuredClaims, NameWhatTheRegisterProvesWhateverTheLogCallsIt) {
  const auto list = [](std::vector<EventParts> events, std::vector<std::uint32_t> shown) {
    const Buffer raw = log_of(std::move(events));
    const auto log = parse_event_log(raw);
    const auto statements = read_statements(*log, Registers::kRtmr, kHash);
    EXPECT_TRUE(statements);
    return text(measured_claims(*statements, Registers::kRtmr, shown));
  };
  const auto hex = [](std::string_view data) { return to_hex(digest(kHash, as_bytes(data))); };
  const std::string evil = "init=/evil";
  const std::string long_text(attest::kMaxItemText + 1, 'x');
  const std::string like_digest = hex("the kernel that is accepted");
  const std::vector<EventParts> events = {
      event(3, event_type::kIpl, as_bytes("ro quiet"), as_bytes("kernel_cmdline: ro quiet\0"sv)),
      separator(3),
      event(3, event_type::kIpl, as_bytes(evil), as_bytes("grub_cmd: init=/evil\0"sv)),
      event(3, event_type::kIpl, as_bytes(evil), as_bytes("/boot/initrd\0"sv)),
      event(3, event_type::kEfiVariableBoot2, as_bytes(evil), as_bytes("?")),
      event(3, event_type::kIpl, long_text),
      event(3, event_type::kIpl, like_digest),
      event(2, event_type::kEfiAction, "Calling EFI Application"),
  };
  EXPECT_EQ(list(events, {2}), "event_log.rtmr2_measured=ro quiet, init=/evil, " + hex(evil) +
                                   ", " + hex(evil) + ", " + hex(long_text) + ", " +
                                   hex(like_digest) + "\n");
  EXPECT_EQ(list(events, {1}), "event_log.rtmr1_measured=Calling EFI Application\n");
  EXPECT_EQ(list(events, {}), "");
  EXPECT_EQ(list({separator(3)}, {2}), "");
}

}  // namespace
}  // namespace ward::tcg
