#include "apps/ward/case_folder.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "base/file_error.h"

namespace ward::cli {
namespace {

namespace fs = std::filesystem;

// Folder is removed unless it is kept.
class Folder {
 public:
  explicit Folder(std::string path) : path_(std::move(path)) {}

  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  ~Folder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }

  void keep() { path_.clear(); }

 private:
  std::string path_;
};

std::string trouble(const std::string& path, int number) {
  return path + ": cannot be written: " + file_error(number).what();
}

Result<void, std::string> write_file(const fs::path& path, Bytes bytes) {
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  if (failed) return trouble(path.parent_path().string(), failed.value());
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  const std::string_view text = as_text(bytes);
  out.write(text.data(), static_cast<std::streamsize>(text.size()));
  out.close();
  if (!out) return trouble(path.string(), errno);
  return {};
}

// A new folder has the mode that mkdir would have given it.
void open_to_others(const std::string& path) {
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::chmod(path.c_str(), 0777U & ~mask);
}

}  // namespace

bool folder_taken(const std::string& dir) {
  std::error_code failed;
  return fs::exists(fs::symlink_status(dir, failed)) &&
         !(fs::is_directory(dir, failed) && fs::is_empty(dir, failed));
}

Result<void, std::string> write_folder(const std::string& dir,
                                       const std::vector<FolderFile>& files) {
  std::string name = dir;
  while (name.size() > 1 && name.back() == '/') {
    name.pop_back();
  }
  std::string partial = name + ".XXXXXX";
  if (::mkdtemp(partial.data()) == nullptr) return trouble(dir, errno);
  Folder folder(partial);
  for (const FolderFile& file : files) {
    WARD_CHECK_OK(write_file(fs::path(partial) / file.name, file.bytes));
  }
  open_to_others(partial);
  if (::rename(partial.c_str(), name.c_str()) != 0) return trouble(dir, errno);
  folder.keep();
  return {};
}

}  // namespace ward::cli
