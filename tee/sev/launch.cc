#include "tee/sev/launch.h"

#include <algorithm>
#include <set>

#include "attest/field_table.h"
#include "base/writer.h"
#include "tee/sev/session.h"

namespace ward::sev {
namespace {

// Octets in the order of memory: the first three groups of a GUID's text are numbers.
constexpr const char* kHashTable = "9438d606-4f22-4cc9-b479-a793d411fd21";
constexpr const char* kCmdlineEntry = "97d02dd8-bd20-4c94-aa78-e7714d36ab2a";
constexpr const char* kInitrdEntry = "44baf731-3a2f-4bd7-9af1-41e29169781d";
constexpr const char* kKernelEntry = "4de79437-abd2-427f-b835-d5b172d2045b";
constexpr const char* kSecretTable = "1e74f542-71dd-4d66-963e-ef4287ff173b";
constexpr const char* kFooter = "96b582de-1fb2-45f7-baea-a366c55a082d";
constexpr const char* kResetBlock = "00f771de-1a7e-4fcb-890e-68c77e2fb44e";
constexpr const char* kHashTableArea = "7255371f-3a3b-4b04-927b-1da6efa8d454";

constexpr std::size_t kHashEntrySize = 16 + 2 + 32;
constexpr std::size_t kHashTableSize = 16 + 2 + 3 * kHashEntrySize;
constexpr std::size_t kHashTablePadded = 176;
constexpr std::size_t kFooterDistance = 32;   // of the footer's end from the image's
constexpr std::size_t kFooterEntry = 2 + 16;  // length, GUID: they stand behind the entry's data
constexpr std::size_t kSecretHeader = 16 + 4;

Guid guid_of(const char* text) { return *parse_guid(text); }

void write_hash(Writer& w, const char* guid, const crypto::Sha256Digest& hash) {
  w.bytes(guid_of(guid));
  w.u16le(kHashEntrySize);
  w.bytes(hash);
}

// Entry is one of a table that is read from its end; takes it off `table`. nullopt where it is cut.
struct FooterEntry {
  Bytes guid;
  Bytes data;
};

std::optional<FooterEntry> take_footer_entry(Bytes& table) {
  if (table.size() < kFooterEntry) return std::nullopt;
  const Bytes tail = table.last(kFooterEntry);
  const std::size_t size = attest::little_endian(tail.first(2));
  if (size < kFooterEntry || size > table.size()) return std::nullopt;
  const FooterEntry out{tail.last(16), table.last(size).first(size - kFooterEntry)};
  table = table.first(table.size() - size);
  return out;
}

// find_footer_entry finds an entry of the table at the end of an OVMF image.
std::optional<Bytes> find_footer_entry(Bytes firmware, const char* guid) {
  if (firmware.size() < kFooterDistance + kFooterEntry) return std::nullopt;
  Bytes above = firmware.first(firmware.size() - kFooterDistance);
  const auto footer = take_footer_entry(above);
  if (!footer || !equal(footer->guid, guid_of(kFooter))) return std::nullopt;
  Bytes table = footer->data;
  while (const auto entry = take_footer_entry(table)) {
    if (equal(entry->guid, guid_of(guid))) return entry->data;
  }
  return std::nullopt;
}

// Register is one field of a VMSA page that is not zero when a processor begins.
struct Register {
  std::size_t offset;
  std::size_t size;
  std::uint64_t value;
};

// A segment is selector, attributes, limit, base: here those that differ from zero.
constexpr Register segment_attributes(std::size_t at, std::uint64_t value) {
  return {at + 2, 2, value};
}

constexpr Register segment_limit(std::size_t at) { return {at + 4, 4, 0xffff}; }

// As QEMU and KVM set them.
constexpr Register kAtReset[] = {
    segment_attributes(0x000, 0x93),  // ES
    segment_limit(0x000),
    {0x010, 2, 0xf000},  // CS
    segment_attributes(0x010, 0x9b),
    segment_limit(0x010),
    segment_attributes(0x020, 0x93),  // SS
    segment_limit(0x020),
    segment_attributes(0x030, 0x93),  // DS
    segment_limit(0x030),
    segment_attributes(0x040, 0x93),  // FS
    segment_limit(0x040),
    segment_attributes(0x050, 0x93),  // GS
    segment_limit(0x050),
    segment_limit(0x060),             // GDTR
    segment_attributes(0x070, 0x82),  // LDTR
    segment_limit(0x070),
    segment_limit(0x080),             // IDTR
    segment_attributes(0x090, 0x8b),  // TR
    segment_limit(0x090),
    {0x0d0, 8, 0x1000},              // EFER: SVME
    {0x148, 8, 0x40},                // CR4: MCE
    {0x158, 8, 0x10},                // CR0: ET
    {0x160, 8, 0x400},               // DR7
    {0x168, 8, 0xffff0ff0},          // DR6
    {0x170, 8, 0x2},                 // RFLAGS
    {0x268, 8, 0x0007040600070406},  // PAT
    {0x3e8, 8, 0x1},                 // XCR0
    {0x408, 4, 0x1f80},              // MXCSR
    {0x410, 2, 0x37f},               // x87 FCW
};
constexpr std::size_t kCsBase = 0x018;
constexpr std::size_t kRip = 0x178;
constexpr std::size_t kRdx = 0x310;
constexpr std::uint32_t kFirstEip = 0xfffffff0;

void put(Buffer& page, const Register& field) {
  for (std::size_t i = 0; i < field.size; ++i) {
    page.at(field.offset + i) = static_cast<std::uint8_t>((field.value >> (8 * i)) & 255U);
  }
}

Buffer vmsa_page(std::uint32_t eip, std::uint32_t signature) {
  Buffer out(kVmsaSize);
  for (const Register& field : kAtReset) {
    put(out, field);
  }
  put(out, {kCsBase, 8, eip & 0xffff0000U});
  put(out, {kRip, 8, eip & 0xffffU});
  put(out, {kRdx, 8, signature});
  return out;
}

}  // namespace

std::optional<Guid> parse_guid(std::string_view text) {
  constexpr std::size_t kDashes[] = {8, 13, 18, 23};
  constexpr std::size_t kOctetOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  if (text.size() != 36) return std::nullopt;
  std::string digits(text);
  for (const std::size_t at : kDashes) {
    if (digits[at] != '-') return std::nullopt;
  }
  std::erase(digits, '-');
  const auto octets = from_hex(digits);
  if (!octets || octets->size() != sizeof(Guid)) return std::nullopt;
  Guid out{};
  for (std::size_t i = 0; i < out.size(); ++i) {
    out.at(i) = octets->at(kOctetOrder[i]);
  }
  return out;
}

Buffer write_kernel_hashes(const KernelHashes& hashes) {
  Writer w;
  w.bytes(guid_of(kHashTable));
  w.u16le(kHashTableSize);
  write_hash(w, kCmdlineEntry, hashes.cmdline);
  write_hash(w, kInitrdEntry, hashes.initrd);
  write_hash(w, kKernelEntry, hashes.kernel);
  w.zeros(kHashTablePadded - w.size());
  return w.take();
}

crypto::Sha256Digest cmdline_hash(std::string_view cmdline) {
  const std::uint8_t end = 0;
  return crypto::sha256(concat({as_bytes(cmdline), Bytes(&end, 1)}));
}

bool takes_kernel_hashes(Bytes firmware) {
  // Base and size of the area; a base of zero is none.
  const auto area = find_footer_entry(firmware, kHashTableArea);
  return area && area->size() >= 8 && !all_zero(area->first(4));
}

std::optional<std::uint32_t> reset_eip(Bytes firmware) {
  const auto block = find_footer_entry(firmware, kResetBlock);
  if (!block || block->size() < 4) return std::nullopt;
  return static_cast<std::uint32_t>(attest::little_endian(block->first(4)));
}

Result<std::vector<Buffer>> vmsa_pages(Bytes firmware, std::size_t processors,
                                       std::uint32_t signature) {
  if (processors == 0) return Error(Errc::kMalformed, "sev.vmsa: no processors");
  if (processors > kMaxProcessors) return Error(Errc::kLimit, "sev.vmsa: processors", processors);
  std::vector<Buffer> out = {vmsa_page(kFirstEip, signature)};
  if (processors == 1) return out;
  const auto eip = reset_eip(firmware);
  if (!eip) return Error(Errc::kUnsupported, "sev.vmsa: the firmware names no reset vector");
  out.resize(processors, vmsa_page(*eip, signature));
  return out;
}

crypto::Sha256Digest launch_digest(Bytes firmware, const std::optional<KernelHashes>& hashes,
                                   const std::vector<Buffer>& vmsa_pages) {
  crypto::Sha256 all;
  all.update(firmware);
  if (hashes) all.update(write_kernel_hashes(*hashes));
  for (const Buffer& page : vmsa_pages) {
    all.update(page);
  }
  return all.finish();
}

Result<SecretBytes> secret_table(const std::vector<SecretEntry>& entries) {
  if (entries.empty()) return Error(Errc::kMalformed, "sev.secret: no entries");
  std::set<Guid> seen;
  std::size_t size = kSecretHeader;
  for (const SecretEntry& entry : entries) {
    if (!seen.insert(entry.guid).second) return Error(Errc::kMalformed, "sev.secret: a GUID twice");
    if (entry.data.size() > kMaxSecret) {
      return Error(Errc::kLimit, "sev.secret: size", entry.data.size());
    }
    size += kSecretHeader + entry.data.size();
    if (size > kMaxSecret) return Error(Errc::kLimit, "sev.secret: size", size);
  }
  SecretBytes out((size + kBlock - 1) / kBlock * kBlock);
  auto at = out.expose_mut().begin();
  const auto put_header = [&](const Guid& guid, std::size_t length) {
    Writer w;
    w.bytes(guid);
    w.u32le(static_cast<std::uint32_t>(length));
    at = std::ranges::copy(w.view(), at).out;
  };
  put_header(guid_of(kSecretTable), size);
  for (const SecretEntry& entry : entries) {
    put_header(entry.guid, kSecretHeader + entry.data.size());
    at = std::ranges::copy(entry.data.expose(), at).out;
  }
  return out;
}

}  // namespace ward::sev
