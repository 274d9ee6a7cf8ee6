#pragma once

#include <string>
#include <string_view>

namespace ward {

// for_terminal replaces control characters (C0, DEL, and C1 in UTF-8) and those that turn the
// direction of text (U+202A to U+202E, U+2066 to U+2069) by `?`: a line may quote a file, evidence,
// a keep or a server, which could otherwise write to the person's terminal what it likes. Text of
// one line: line ends are replaced too.
[[nodiscard]] std::string for_terminal(std::string_view text);

}  // namespace ward
