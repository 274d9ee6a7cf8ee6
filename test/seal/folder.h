#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/bytes.h"

namespace ward::test {

// Folder is a temporary folder of one test.
class Folder {
 public:
  Folder() {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "ward-seal-test-XXXXXX").string();
    EXPECT_NE(::mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] std::string operator/(const std::string& name) const {
    return (path_ / name).string();
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

  void write(const std::string& name, Bytes content) const {
    std::ofstream out(path_ / name, std::ios::binary | std::ios::trunc);
    const std::string_view text = as_text(content);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    EXPECT_TRUE(out.good());
  }

  // names lists what is in the folder, hidden files too.
  [[nodiscard]] std::size_t count() const {
    std::size_t n = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      n += entry.exists() ? 1U : 0U;
    }
    return n;
  }

 private:
  std::filesystem::path path_;
};

}  // namespace ward::test
