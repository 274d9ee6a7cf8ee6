#include "tee/tcg/device_path.h"

#include <array>
#include <cstdio>

#include "base/reader.h"
#include "tee/tcg/efi_text.h"

namespace ward::tcg {
namespace {

constexpr std::uint8_t kHardware = 1;
constexpr std::uint8_t kAcpi = 2;
constexpr std::uint8_t kMessaging = 3;
constexpr std::uint8_t kMedia = 4;
constexpr std::uint8_t kEnd = 0x7f;
constexpr std::uint8_t kEndEntire = 0xff;
constexpr std::uint8_t kEndInstance = 0x01;
constexpr std::size_t kHead = 4;  // type, subtype, length

std::string hex(std::uint64_t value) {
  std::array<char, 24> out{};
  const int n =
      std::snprintf(out.data(), out.size(), "0x%llx",
                    static_cast<unsigned long long>(value));  // NOLINT(google-runtime-int)
  return {out.data(), static_cast<std::size_t>(n)};
}

// A node's text, or nothing where its body is not of the form that its numbers demand.
using Text = std::optional<std::string>;

Text guid_node(const char* name, Reader body) {
  Guid guid{};
  if (!body.array(guid)) return std::nullopt;
  std::string out = std::string(name) + "(" + to_text(guid);
  if (!body.empty()) out += "," + to_hex(body.rest());
  return out + ")";
}

Text pci(Reader body) {
  std::uint8_t function = 0;
  std::uint8_t device = 0;
  if (!body.u8(function) || !body.u8(device) || !body.empty()) return std::nullopt;
  return "Pci(" + hex(device) + "," + hex(function) + ")";
}

Text memory_mapped(Reader body) {
  std::uint32_t type = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  if (!body.u32le(type) || !body.u64le(begin) || !body.u64le(end) || !body.empty()) {
    return std::nullopt;
  }
  return "MemoryMapped(" + hex(type) + "," + hex(begin) + "," + hex(end) + ")";
}

Text acpi(Reader body) {
  static constexpr std::uint32_t kPciRoot = 0x0a0341d0;   // PNP0A03
  static constexpr std::uint32_t kPcieRoot = 0x0a0841d0;  // PNP0A08
  std::uint32_t hid = 0;
  std::uint32_t uid = 0;
  if (!body.u32le(hid) || !body.u32le(uid) || !body.empty()) return std::nullopt;
  if (hid == kPciRoot) return "PciRoot(" + hex(uid) + ")";
  if (hid == kPcieRoot) return "PcieRoot(" + hex(uid) + ")";
  return "Acpi(" + hex(hid) + "," + hex(uid) + ")";
}

Text scsi(Reader body) {
  std::uint16_t target = 0;
  std::uint16_t lun = 0;
  if (!body.u16le(target) || !body.u16le(lun) || !body.empty()) return std::nullopt;
  return "Scsi(" + hex(target) + "," + hex(lun) + ")";
}

Text usb(Reader body) {
  std::uint8_t port = 0;
  std::uint8_t interface = 0;
  if (!body.u8(port) || !body.u8(interface) || !body.empty()) return std::nullopt;
  return "USB(" + hex(port) + "," + hex(interface) + ")";
}

Text sata(Reader body) {
  std::uint16_t port = 0;
  std::uint16_t multiplier = 0;
  std::uint16_t lun = 0;
  if (!body.u16le(port) || !body.u16le(multiplier) || !body.u16le(lun) || !body.empty()) {
    return std::nullopt;
  }
  return "Sata(" + hex(port) + "," + hex(multiplier) + "," + hex(lun) + ")";
}

Text nvme(Reader body) {
  std::uint32_t name_space = 0;
  std::array<std::uint8_t, 8> eui{};
  if (!body.u32le(name_space) || !body.array(eui) || !body.empty()) return std::nullopt;
  return "NVMe(" + hex(name_space) + "," + to_hex(eui) + ")";
}

Text mac(Reader body) {
  Bytes address;
  std::uint8_t type = 0;
  if (!body.bytes(32, address) || !body.u8(type) || !body.empty()) return std::nullopt;
  return "MAC(" + to_hex(address.first(6)) + "," + hex(type) + ")";
}

Text uri(Reader body) {
  const auto text = as_text(body.rest());
  if (!is_plain(text)) return std::nullopt;
  return "Uri(" + std::string(text) + ")";
}

Text hard_drive(Reader body) {
  std::uint32_t number = 0;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  Guid signature{};
  std::uint8_t format = 0;
  std::uint8_t kind = 0;
  if (!body.u32le(number) || !body.u64le(begin) || !body.u64le(size) || !body.array(signature) ||
      !body.u8(format) || !body.u8(kind) || !body.empty()) {
    return std::nullopt;
  }
  std::string out = "HD(" + std::to_string(number);
  if (kind == 2) {
    out += ",GPT," + to_text(signature);
  } else {
    out += ",MBR," + to_hex(Bytes(signature).first(4));
  }
  return out + "," + hex(begin) + "," + hex(size) + ")";
}

Text cd_rom(Reader body) {
  std::uint32_t entry = 0;
  std::uint64_t begin = 0;
  std::uint64_t size = 0;
  if (!body.u32le(entry) || !body.u64le(begin) || !body.u64le(size) || !body.empty()) {
    return std::nullopt;
  }
  return "CDROM(" + hex(entry) + "," + hex(begin) + "," + hex(size) + ")";
}

Text file_path(Reader body) {
  const Bytes name = body.rest();
  if (name.size() < 2 || !all_zero(name.last(2))) return std::nullopt;
  auto text = utf16_to_utf8(name.first(name.size() - 2));
  if (!text || !is_plain(*text)) return std::nullopt;
  return text;
}

Text offsets(Reader body) {
  std::uint32_t reserved = 0;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  if (!body.u32le(reserved) || !body.u64le(begin) || !body.u64le(end) || !body.empty()) {
    return std::nullopt;
  }
  return "Offset(" + hex(begin) + "," + hex(end) + ")";
}

Text messaging(std::uint8_t subtype, Reader body) {
  switch (subtype) {
    case 2:
      return scsi(body);
    case 5:
      return usb(body);
    case 10:
      return guid_node("VenMsg", body);
    case 11:
      return mac(body);
    case 18:
      return sata(body);
    case 23:
      return nvme(body);
    case 24:
      return uri(body);
    default:
      return std::nullopt;
  }
}

Text media(std::uint8_t subtype, Reader body) {
  switch (subtype) {
    case 1:
      return hard_drive(body);
    case 2:
      return cd_rom(body);
    case 3:
      return guid_node("VenMedia", body);
    case 4:
      return file_path(body);
    case 6:
      return guid_node("FvFile", body);
    case 7:
      return guid_node("Fv", body);
    case 8:
      return offsets(body);
    default:
      return std::nullopt;
  }
}

std::string node_text(std::uint8_t type, std::uint8_t subtype, Bytes body) {
  Text out;
  if (type == kHardware && subtype == 1) out = pci(Reader(body));
  if (type == kHardware && subtype == 3) out = memory_mapped(Reader(body));
  if (type == kHardware && subtype == 4) out = guid_node("VenHw", Reader(body));
  if (type == kAcpi && subtype == 1) out = acpi(Reader(body));
  if (type == kMessaging) out = messaging(subtype, Reader(body));
  if (type == kMedia) out = media(subtype, Reader(body));
  if (out) return *out;
  return "Path(" + std::to_string(type) + "," + std::to_string(subtype) + "," + to_hex(body) + ")";
}

}  // namespace

std::optional<std::string> device_path_text(Bytes in) {
  std::string out;
  Reader r(in);
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;
  std::uint16_t length = 0;
  Bytes body;
  bool joined = true;  // nothing stands before the next node of this instance
  while (r.u8(type) && r.u8(subtype) && r.u16le(length)) {
    if (length < kHead || !r.bytes(length - kHead, body)) return std::nullopt;
    if (type == kEnd) {
      if (!body.empty()) return std::nullopt;
      if (subtype == kEndEntire) {
        if (!r.empty()) return std::nullopt;
        return out;
      }
      if (subtype != kEndInstance) return std::nullopt;
      out += ",";
      joined = true;
      continue;
    }
    if (!joined) out += "/";
    out += node_text(type, subtype, body);
    joined = false;
  }
  return std::nullopt;
}

}  // namespace ward::tcg
