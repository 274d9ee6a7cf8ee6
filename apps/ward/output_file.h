#pragma once

#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::cli {

// OutputFile is a file that does not exist until it is complete. It is written without a name
// (O_TMPFILE), so that nothing is left behind however the process ends; where the file system has
// no such files, under a temporary name, which the destructor removes.
class OutputFile {
 public:
  // Who may read it: its owner alone (mode 0600), or whom the caller's umask lets.
  enum class Readers : std::uint8_t { kOwner, kUmask };

  // create opens one beside `path`. kUnavailable: the folder is not there or not writable.
  [[nodiscard]] static Result<OutputFile> create(const std::string& path, Readers readers);

  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;
  ~OutputFile();

  // write: kUnavailable where the disk is full or fails.
  [[nodiscard]] Result<void> write(Bytes bytes);

  // commit makes the file durable and gives it its name. kDenied where the name is taken and not
  // `replace`; kUnavailable.
  [[nodiscard]] Result<void> commit(bool replace);

 private:
  OutputFile(int fd, std::string path, std::string temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}

  [[nodiscard]] Result<void> name_it(const std::string& name) const;

  int fd_;
  std::string path_;
  std::string temporary_;  // empty while the file has no name
};

}  // namespace ward::cli
