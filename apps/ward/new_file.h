#pragma once

#include <string>
#include <vector>

namespace ward::cli {

// NewFile is a file that a command was asked for beside what it prints.
struct NewFile {
  std::string path;
  std::string text;
};

// write_new_files writes all of them or none: whole, durable, readable for whom the caller's umask
// lets. kAccepted, or what fail() returned: kUsage where a name is taken, kCouldNotTell where one
// cannot be written; then no file is left.
[[nodiscard]] int write_new_files(const std::vector<NewFile>& files);

}  // namespace ward::cli
