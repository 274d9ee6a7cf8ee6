#pragma once

#include <string>
#include <string_view>

namespace ward::cli {

// write_new_file writes a file that a command was asked for beside what it prints: whole, durable,
// readable for whom the caller's umask lets. kAccepted, or what fail() returned: kUsage where the
// name is taken, kCouldNotTell where it cannot be written; then no file is left.
[[nodiscard]] int write_new_file(const std::string& path, std::string_view text);

}  // namespace ward::cli
