#pragma once

#include <string>
#include <string_view>

namespace ward {

// shell_word writes `text` so that a POSIX shell reads it back as one word, octet for octet: as it
// is where it has nothing but ASCII letters, digits and _ . / : = , + -, else between single quotes
// (a quote within as '\''). Empty text is ''. No shell can hold a NUL octet in a word. Control
// characters stay: what goes to a terminal goes through for_terminal besides.
[[nodiscard]] std::string shell_word(std::string_view text);

// shell_path is shell_word of a file's name; one that begins with a dash gets ./ before it, so that
// no program takes it for an option, or for standard input.
[[nodiscard]] std::string shell_path(std::string_view path);

}  // namespace ward
