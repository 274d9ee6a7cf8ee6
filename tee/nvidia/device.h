#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "attest/claim_list.h"
#include "pki/certificate.h"
#include "tee/nvidia/spdm.h"

// What a report says of its device, and what NVIDIA calls it.
namespace ward::nvidia {

enum class Arch : std::uint8_t { kHopper, kBlackwell, kLs10 };

[[nodiscard]] const char* arch_name(Arch arch);  // "HOPPER", "BLACKWELL", "LS10"

// Chip is the chip as certificates and manifests have it: "GH100", "GB100", "LS_10".
struct Chip {
  Arch arch;
  std::string name;
};

// arch_of_name reads the word of an evidence list, in any case of letters.
[[nodiscard]] std::optional<Arch> arch_of_name(std::string_view name);

// chip_of_name knows the chip; nullopt for one of another architecture.
[[nodiscard]] std::optional<Chip> chip_of_name(std::string_view name);

// chip_of is the chip that the certificate's common name begins with.
[[nodiscard]] std::optional<Chip> chip_of(const pki::Certificate& certificate);

// Device is what the opaque fields say. Texts are empty where there is no such field.
struct Device {
  std::string driver_version;  // empty: an NVSwitch, which has no driver of its own
  std::string vbios_version;   // "96.00.5E.00.01"
  std::string project;
  std::string project_sku;
  std::string chip_sku;
  std::string chip;  // "GB100"; older firmware does not state it
  std::optional<Buffer> fwid;
  std::optional<bool> nvdec0;          // nullopt: not stated, or by another value
  std::optional<bool> protected_pcie;  // the same
  std::string mode;                    // "SPT", "MPT", "PPCIE"; empty: not stated, or another

  [[nodiscard]] bool is_switch() const { return driver_version.empty(); }
};

// read_device takes the fields that ward knows. FormError (kReportOpaque) where one of them has no
// such form.
[[nodiscard]] std::variant<Device, FormError> read_device(const Report& report);

// write_fields is its inverse, for what is stated.
[[nodiscard]] std::vector<OpaqueField> write_fields(const Device& device);

// Names under which NVIDIA serves the manifests of good measurements.
[[nodiscard]] std::string driver_rim_id(const Device& device, const Chip& chip);
[[nodiscard]] std::string vbios_rim_id(const Device& device);

}  // namespace ward::nvidia
