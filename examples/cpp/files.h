#pragma once

// What the examples read: a file, and the documents of a folder.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <ward/verifier.h>

namespace example {

namespace fs = std::filesystem;

inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  in.exceptions(std::ios::badbit);
  if (!in) throw std::runtime_error(path.string() + ": cannot be read");
  return {std::istreambuf_iterator<char>(in), {}};
}

// files_in lists the files of a folder by name.
inline std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.is_regular_file()) out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

inline ward::Collateral read_folder(const fs::path& folder) {
  ward::Collateral out;
  for (const fs::path& file : files_in(folder)) {
    out.add(file.filename().string(), read_file(file));
  }
  return out;
}

}  // namespace example
