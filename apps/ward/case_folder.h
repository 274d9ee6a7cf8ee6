#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::cli {

// FolderFile is a file of a new folder; `name` may have folders before it.
struct FolderFile {
  std::string name;
  Buffer bytes;
};

// folder_taken is true where a new folder of this name would have to overwrite something.
[[nodiscard]] bool folder_taken(const std::string& dir);

// write_folder writes `dir`, which must not exist or be empty, whole or not at all: under a name
// beside it, which is then changed. The text says what failed.
[[nodiscard]] Result<void, std::string> write_folder(const std::string& dir,
                                                     const std::vector<FolderFile>& files);

}  // namespace ward::cli
