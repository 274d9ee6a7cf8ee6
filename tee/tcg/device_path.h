#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"

namespace ward::tcg {

// device_path_text writes a device path as UEFI 2.10 section 10.6 does, "PciRoot(0x0)/Pci(0x3,0x0)/
// HD(1,GPT,...)/\EFI\BOOT\BOOTX64.EFI"; nodes that it does not know by their numbers and octets,
// "Path(3,9,00ff)". nullopt for octets that are no device path: a node shorter than its head or
// longer than the rest, no end node, anything behind it.
[[nodiscard]] std::optional<std::string> device_path_text(Bytes in);

}  // namespace ward::tcg
