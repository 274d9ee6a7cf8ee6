#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace ward::codec {

// stray_octet finds the first octet above 0x7f that stands outside strings and comments of a TOML
// document (TOML 1.0: nothing else may hold one); nullopt where there is none. Look for it before
// toml++ 3.3 reads the document: its test for blanks beyond ASCII has no defined result for most
// code points.
[[nodiscard]] std::optional<std::size_t> stray_octet(std::string_view document);

}  // namespace ward::codec
