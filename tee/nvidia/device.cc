#include "tee/nvidia/device.h"

#include <algorithm>

#include "base/text.h"

namespace ward::nvidia {
namespace {

constexpr std::uint8_t kEnabled = 0xaa;
constexpr std::uint8_t kDisabled = 0x55;
constexpr std::size_t kBinaryVersionSize = 8;
constexpr std::size_t kMaxText = 64;
constexpr const char* kModeNames[] = {"SPT", "MPT", "PPCIE"};

constexpr std::pair<Arch, const char*> kArchNames[] = {
    {Arch::kHopper, "HOPPER"}, {Arch::kBlackwell, "BLACKWELL"}, {Arch::kLs10, "LS10"}};

bool is_version_part(std::uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.' ||
         c == '-' || c == '_';
}

// A text ends at the first zero, and only zeros follow. False for any other character.
bool read_text(const OpaqueField* field, std::string& out) {
  if (field == nullptr) return true;
  const auto end = std::ranges::find(field->data, std::uint8_t{0});
  const bool ok = end != field->data.begin() && field->data.size() <= kMaxText &&
                  std::all_of(field->data.begin(), end, is_version_part) &&
                  std::all_of(end, field->data.end(), [](std::uint8_t c) { return c == 0; });
  if (ok) out.assign(field->data.begin(), end);
  return ok;
}

// A GPU's is 8 octets: four parts from the last to the first, then the fifth, then zeros. An
// NVSwitch's is text.
bool read_vbios(const OpaqueField* field, std::string& out) {
  if (field == nullptr || field->data.size() != kBinaryVersionSize) return read_text(field, out);
  const Buffer& d = field->data;
  if (d[5] != 0 || d[6] != 0 || d[7] != 0) return false;
  for (const std::size_t at : {3U, 2U, 1U, 0U, 4U}) {
    if (!out.empty()) out.push_back('.');
    out += to_hex(Bytes(d).subspan(at, 1));
  }
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return true;
}

std::optional<bool> read_switch(const OpaqueField* field) {
  if (field == nullptr || field->data.size() != 1) return std::nullopt;
  if (field->data[0] == kEnabled) return true;
  if (field->data[0] == kDisabled) return false;
  return std::nullopt;
}

std::string read_mode(const OpaqueField* field) {
  if (field == nullptr || field->data.size() != 2 || field->data[1] != 0) return "";
  return field->data[0] < std::size(kModeNames) ? kModeNames[field->data[0]] : "";
}

std::string without_points(std::string text) {
  std::erase(text, '.');
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return text;
}

Buffer text_data(std::string_view text) {
  Buffer out = to_buffer(as_bytes(text));
  out.push_back(0);
  return out;
}

Buffer vbios_data(const Device& device) {
  if (device.is_switch()) return to_buffer(as_bytes(device.vbios_version));
  const auto parts = from_hex(without_points(device.vbios_version));
  if (!parts || parts->size() != 5) return {};
  const Buffer& p = *parts;
  return {p[3], p[2], p[1], p[0], p[4], 0, 0, 0};
}

}  // namespace

const char* arch_name(Arch arch) {
  for (const auto& [one, name] : kArchNames) {
    if (one == arch) return name;
  }
  return "";
}

std::optional<Arch> arch_of_name(std::string_view name) {
  for (const auto& [arch, word] : kArchNames) {
    if (same_word(word, name)) return arch;
  }
  return std::nullopt;
}

std::optional<Chip> chip_of_name(std::string_view name) {
  const auto numbered = [&](std::string_view letters) {
    return name.size() == letters.size() + 3 && name.starts_with(letters) &&
           std::ranges::all_of(name.substr(letters.size()),
                               [](char c) { return c >= '0' && c <= '9'; });
  };
  if (numbered("GH")) return Chip{Arch::kHopper, std::string(name)};
  if (numbered("GB")) return Chip{Arch::kBlackwell, std::string(name)};
  if (name == "LS_10") return Chip{Arch::kLs10, std::string(name)};
  return std::nullopt;
}

std::optional<Chip> chip_of(const pki::Certificate& certificate) {
  const std::string name = certificate.subject.common_name();
  return chip_of_name(std::string_view(name).substr(0, name.find(' ')));
}

std::variant<Device, FormError> read_device(const Report& report) {
  Device out;

  const struct {
    std::uint16_t type;
    bool ok;
  } texts[] = {
      {opaque::kDriverVersion, read_text(report.field(opaque::kDriverVersion), out.driver_version)},
      {opaque::kVbiosVersion,
       report.field(opaque::kVbiosVersion) != nullptr &&
           read_vbios(report.field(opaque::kVbiosVersion), out.vbios_version)},
      {opaque::kProject, read_text(report.field(opaque::kProject), out.project)},
      {opaque::kProjectSku, read_text(report.field(opaque::kProjectSku), out.project_sku)},
      {opaque::kChipSku, read_text(report.field(opaque::kChipSku), out.chip_sku)},
      {opaque::kChipInfo, read_text(report.field(opaque::kChipInfo), out.chip)},
  };

  for (const auto& text : texts) {
    if (text.ok) continue;
    return FormError{CheckId::kReportOpaque, "field " + std::to_string(text.type) + " is no text",
                     "a version, of letters, digits and points"};
  }
  if (const OpaqueField* fwid = report.field(opaque::kFwid)) out.fwid = fwid->data;
  out.nvdec0 = read_switch(report.field(opaque::kNvdec0Status));
  out.protected_pcie = read_switch(report.field(opaque::kProtectedPcie));
  out.mode = read_mode(report.field(opaque::kFeatureFlag));
  return out;
}

std::vector<OpaqueField> write_fields(const Device& device) {
  std::vector<OpaqueField> out{{opaque::kVbiosVersion, vbios_data(device)}};
  const auto add_text = [&](std::uint16_t type, const std::string& text) {
    if (!text.empty()) out.push_back({type, text_data(text)});
  };
  const auto add_flag = [&](std::uint16_t type, std::optional<bool> flag) {
    if (flag) out.push_back({type, {*flag ? kEnabled : kDisabled}});
  };
  add_text(opaque::kChipSku, device.chip_sku);
  add_text(opaque::kProject, device.project);
  add_text(opaque::kProjectSku, device.project_sku);
  add_text(opaque::kDriverVersion, device.driver_version);
  add_flag(opaque::kNvdec0Status, device.nvdec0);
  if (device.fwid) out.push_back({opaque::kFwid, *device.fwid});
  add_flag(opaque::kProtectedPcie, device.protected_pcie);
  add_text(opaque::kChipInfo, device.chip);
  for (std::size_t i = 0; i < std::size(kModeNames); ++i) {
    if (device.mode != kModeNames[i]) continue;
    out.push_back({opaque::kFeatureFlag, {static_cast<std::uint8_t>(i), 0}});
  }
  return out;
}

std::string driver_rim_id(const Device& device, const Chip& chip) {
  const char* kind = chip.arch == Arch::kBlackwell ? "NV_GPU_CC_DRIVER_" : "NV_GPU_DRIVER_";
  return kind + chip.name + "_" + device.driver_version;
}

std::string vbios_rim_id(const Device& device) {
  const std::string version = without_points(device.vbios_version);
  // An NVSwitch does not state its project; there is one.
  if (device.is_switch()) return "NV_SWITCH_BIOS_5612_0002_890_" + version;
  return "NV_GPU_VBIOS_" + without_points(device.project) + "_" +
         without_points(device.project_sku) + "_" + without_points(device.chip_sku) + "_" + version;
}

}  // namespace ward::nvidia
