#pragma once

#include <array>
#include <optional>
#include <string>

#include "base/bytes.h"

// Text as firmware and boot loaders write it into event logs.
namespace ward::tcg {

// utf16_to_utf8 reads UTF-16, low octet first. nullopt for an odd number of octets, a surrogate
// without its partner, or NUL.
[[nodiscard]] std::optional<std::string> utf16_to_utf8(Bytes in);

// is_plain is true for well-formed UTF-8 without control characters other than tab and line ends:
// what may be shown as text.
[[nodiscard]] bool is_plain(std::string_view text);

// text_of reads a plain text of at least one character, in UTF-8 or UTF-16, with zeros or nothing
// behind its end. GRUB writes one octet too many behind a text: behind a NUL, one octet of any
// value is passed over. nullopt where the octets are no such text.
[[nodiscard]] std::optional<std::string> text_of(Bytes in);

// Guid is EFI_GUID as it lies in memory.
using Guid = std::array<std::uint8_t, 16>;

// to_text writes "8be4df61-93ca-11d2-aa0d-00e098032b8c".
[[nodiscard]] std::string to_text(const Guid& guid);

// guid_name is what a well-known GUID stands for, "EFI_GLOBAL_VARIABLE"; nullptr for others.
[[nodiscard]] const char* guid_name(const Guid& guid);

}  // namespace ward::tcg
