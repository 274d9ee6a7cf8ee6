#include "tee/tcg/event_data.h"

#include <string_view>

#include "base/reader.h"
#include "tee/tcg/device_path.h"
#include "tee/tcg/event_type.h"

namespace ward::tcg {
namespace {

constexpr std::size_t kSignatureSize = 16;
constexpr std::uint8_t kUintn64 = 2;
constexpr std::size_t kGptHeaderSize = 92;
constexpr std::size_t kPartitionSize = 128;
constexpr std::size_t kPartitionNameSize = 72;
constexpr std::size_t kTableSize = 24;
// Old shims log more octets than the structures have.
constexpr std::size_t kMaxImageSlack = 9;
constexpr std::size_t kMaxAuthoritySlack = 8;
constexpr std::size_t kBlobSize = 16;

Malformed malformed(Literal what) { return {Error(Errc::kMalformed, what)}; }

EventData decode_separator(Bytes in) {
  Reader r(in);
  Separator out;
  if (!r.u32le(out.value) || !r.empty()) return malformed("tcg.event: separator");
  return out;
}

EventData decode_notice(Bytes in) {
  Reader r(in);
  Bytes signature;
  if (!r.bytes(kSignatureSize, signature)) return Opaque{};
  auto text = text_of(signature);
  if (!text) return Opaque{};
  if (*text != "StartupLocality") return Notice{*std::move(text)};
  StartupLocality out;
  if (!r.u8(out.locality) || !r.empty()) return malformed("tcg.event: startup locality");
  return out;
}

EventData decode_variable(Bytes in, std::size_t slack) {
  Reader r(in);
  Variable out;
  std::uint64_t name_size = 0;
  std::uint64_t value_size = 0;
  Bytes name;
  if (!r.array(out.name_guid) || !r.u64le(name_size) || !r.u64le(value_size) ||
      name_size > r.rest().size() / 2 || !r.bytes(name_size * 2, name) ||
      value_size > r.rest().size() || !r.bytes(value_size, out.value)) {
    return malformed("tcg.event: variable");
  }
  if (r.rest().size() > slack) return malformed("tcg.event: bytes behind a variable");
  auto text = utf16_to_utf8(name);
  if (!text || !is_plain(*text)) return malformed("tcg.event: name of a variable");
  out.name = *std::move(text);
  return out;
}

EventData decode_image(Bytes in) {
  Reader r(in);
  Image out;
  std::uint64_t path_size = 0;
  Bytes path;
  if (!r.u64le(out.location) || !r.u64le(out.length) || !r.u64le(out.link_time_address) ||
      !r.u64le(path_size) || path_size > r.rest().size() || !r.bytes(path_size, path) ||
      r.rest().size() > kMaxImageSlack) {
    return malformed("tcg.event: loaded image");
  }
  if (path.empty()) return out;
  auto text = device_path_text(path);
  if (!text) return malformed("tcg.event: device path of a loaded image");
  out.device_path = *std::move(text);
  return out;
}

EventData decode_blob(Bytes in) {
  Reader r(in);
  FirmwareBlob out;
  if (!r.u64le(out.base) || !r.u64le(out.length) || !r.empty()) {
    return malformed("tcg.event: firmware blob");
  }
  return out;
}

// Reads a text behind its size of one octet.
bool read_description(Reader& r, std::string& out) {
  std::uint8_t size = 0;
  Bytes octets;
  if (!r.u8(size) || !r.bytes(size, octets)) return false;
  if (octets.empty()) return true;
  const auto text = text_of(octets);
  if (text) out = *text;
  return text.has_value();
}

EventData decode_blob2(Bytes in) {
  Reader r(in);
  FirmwareBlob out;
  if (!read_description(r, out.description) || !r.u64le(out.base) || !r.u64le(out.length) ||
      !r.empty()) {
    return malformed("tcg.event: firmware blob");
  }
  return out;
}

bool read_tables(Reader& r, std::vector<HandoffTables::Table>& out) {
  std::uint64_t count = 0;
  if (!r.u64le(count) || count != r.rest().size() / kTableSize) return false;
  HandoffTables::Table table;
  while (r.array(table.vendor) && r.u64le(table.address)) {
    out.push_back(table);
  }
  return r.empty();
}

EventData decode_tables(Bytes in, bool described) {
  Reader r(in);
  HandoffTables out;
  if ((described && !read_description(r, out.description)) || !read_tables(r, out.tables)) {
    return malformed("tcg.event: handoff tables");
  }
  return out;
}

bool read_partition(Reader& r, Disk::Partition& out) {
  Bytes name;
  if (!r.array(out.type) || !r.array(out.unique) || !r.u64le(out.first_block) ||
      !r.u64le(out.last_block) || !r.u64le(out.attributes) || !r.bytes(kPartitionNameSize, name)) {
    return false;
  }
  out.name = text_of(name).value_or("");
  return true;
}

// UEFI_GPT_DATA: the table's header (UEFI 2.10, table 5.5), and the entries that are in use.
EventData decode_disk(Bytes in) {
  static constexpr std::string_view kSignature = "EFI PART";
  static constexpr std::size_t kDiskGuid = 56;
  Reader r(in);
  Bytes head;
  Disk out;
  std::uint64_t count = 0;
  if (!r.bytes(kGptHeaderSize, head) || as_text(head.first(kSignature.size())) != kSignature ||
      !r.u64le(count) || r.rest().size() % kPartitionSize != 0 ||
      count != r.rest().size() / kPartitionSize) {
    return malformed("tcg.event: partition table");
  }
  Reader guid(head.subspan(kDiskGuid));
  Disk::Partition partition;
  if (!guid.array(out.guid)) return malformed("tcg.event: partition table");
  while (read_partition(r, partition)) {
    out.partitions.push_back(partition);
  }
  return out;
}

EventData decode_text(Bytes in) {
  auto text = text_of(in);
  if (!text) return Opaque{};
  return Text{.text = *std::move(text), .begin = 0, .size = in.size()};
}

EventData decode_tagged(Bytes in) {
  Reader r(in);
  Tagged out;
  std::uint32_t size = 0;
  if (!r.u32le(out.id) || !r.u32le(size) || size != r.rest().size()) {
    return decode_text(
        in);  // Linux before 6.9 logs the text alone into confidential computing logs
  }
  out.data = r.rest();
  out.text = text_of(out.data).value_or("");
  return out;
}

struct Prefix {
  std::string_view prefix;
  TextKind kind;
};

constexpr Prefix kPrefixes[] = {
    {"grub_cmd: ", TextKind::kGrubCommand},
    {"grub_cmd ", TextKind::kGrubCommand},
    {"kernel_cmdline: ", TextKind::kKernelCommandLine},
    {"grub_kernel_cmdline ", TextKind::kKernelCommandLine},
    {"module_cmdline: ", TextKind::kModuleCommandLine},
};

// EV_IPL, by the conventions of GRUB (2.06, and the older Red Hat patches), shim and systemd-boot.
EventData decode_ipl(Bytes in) {
  const auto whole = text_of(in);
  if (!whole) return Opaque{};
  const std::string_view octets = as_text(in);
  for (const Prefix& p : kPrefixes) {
    if (!octets.starts_with(p.prefix)) continue;
    return Text{.kind = p.kind,
                .text = whole->substr(p.prefix.size()),
                .begin = p.prefix.size(),
                .size = whole->size() - p.prefix.size()};
  }
  const bool file = octets.front() == '/' || octets.front() == '(';
  const TextKind kind = file ? TextKind::kFile : TextKind::kPlain;
  return Text{.kind = kind, .text = *whole, .begin = 0, .size = in.size()};
}

// Types whose layout does not depend on UINTN.
EventData decode_plain(const Event& event) {
  switch (event.type) {
    case event_type::kNoAction:
      return decode_notice(event.data);
    case event_type::kSeparator:
      return decode_separator(event.data);
    case event_type::kEventTag:
      return decode_tagged(event.data);
    case event_type::kIpl:
      return decode_ipl(event.data);
    case event_type::kPostCode:
    case event_type::kPostCode2:
      if (event.data.size() == kBlobSize) return decode_blob(event.data);
      return decode_text(event.data);
    case event_type::kEfiPlatformFirmwareBlob:
      return decode_blob(event.data);
    case event_type::kEfiPlatformFirmwareBlob2:
      return decode_blob2(event.data);
    case event_type::kEfiVariableDriverConfig:
    case event_type::kEfiVariableBoot:
    case event_type::kEfiVariableBoot2:
      return decode_variable(event.data, 0);
    case event_type::kEfiVariableAuthority:
      return decode_variable(event.data, kMaxAuthoritySlack);
    default:
      return decode_text(event.data);
  }
}

}  // namespace

EventData decode_event(const Event& event, std::uint8_t uintn_size) {
  const bool wide = uintn_size == kUintn64;
  switch (event.type) {
    case event_type::kEfiBootServicesApplication:
    case event_type::kEfiBootServicesDriver:
    case event_type::kEfiRuntimeServicesDriver:
      return wide ? decode_image(event.data) : EventData(Opaque{});
    case event_type::kEfiHandoffTables:
      return wide ? decode_tables(event.data, false) : EventData(Opaque{});
    case event_type::kEfiHandoffTables2:
      return wide ? decode_tables(event.data, true) : EventData(Opaque{});
    case event_type::kEfiGptEvent:
    case event_type::kEfiGptEvent2:
      return wide ? decode_disk(event.data) : EventData(Opaque{});
    default:
      return decode_plain(event);
  }
}

}  // namespace ward::tcg
