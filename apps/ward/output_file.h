#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::cli {

// CommitFailure says which file could not be committed.
struct CommitFailure {
  std::string path;
  Error error;
};

class OutputFile;

// PartialName is a file's temporary name. It is removed by the destructor, and where a signal ends
// the process that it does not handle otherwise.
class PartialName {
 public:
  PartialName() = default;
  explicit PartialName(std::string name);
  PartialName(const PartialName&) = delete;
  PartialName& operator=(const PartialName&) = delete;
  PartialName(PartialName&& other) noexcept;
  PartialName& operator=(PartialName&& other) noexcept;
  ~PartialName();

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] bool empty() const { return name_.empty(); }

  // release: nothing has this name any more.
  void release();

 private:
  std::string name_;
  int slot_ = -1;  // -1: there were too many, or it is too long
};

// OutputFile is a file that does not exist until it is complete. It is written without a name
// (O_TMPFILE), so that nothing is left behind however the process ends; where the file system has
// no such files, under a temporary name, which the destructor removes, and a signal that ends the
// process too. Only SIGKILL leaves it.
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

  // commit makes the file durable and gives it its name, durably too. kDenied where the name is
  // taken and not `replace`; kUnavailable.
  [[nodiscard]] Result<void> commit(bool replace);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  friend Result<void, CommitFailure> commit_after(const std::vector<OutputFile*>& files,
                                                  bool replace, const std::function<bool()>& first);

  OutputFile(int fd, std::string path, PartialName temporary)
      : fd_(fd), path_(std::move(path)), temporary_(std::move(temporary)) {}

  // prepare makes the content durable and finds out what can be found out before naming.
  [[nodiscard]] Result<void> prepare(bool replace);
  [[nodiscard]] Result<void> name(bool replace);
  // take_back undoes name(): the file that was there before, if any, has its name again.
  void take_back();
  [[nodiscard]] Result<void> link_to(const std::string& name) const;

  int fd_;
  std::string path_;
  PartialName temporary_;  // empty while the file has no name; once exchanged, the old file's
  bool exchanged_ = false;
};

// commit_together commits all or, as far as a file system lets, none: every content is durable and
// every name looked at before the first file is named, and where a later one cannot be, the names
// that were given are taken back, and what they replaced is there again. No signal ends the process
// between the first name and the last.
[[nodiscard]] Result<void, CommitFailure> commit_together(const std::vector<OutputFile*>& files,
                                                          bool replace);

// commit_after is commit_together with something to do between looking and naming: what has to have
// gone well before there are files, such as saying so on stdout. Where `first` is false no file is
// named, and the failure has no path.
[[nodiscard]] Result<void, CommitFailure> commit_after(const std::vector<OutputFile*>& files,
                                                       bool replace,
                                                       const std::function<bool()>& first);

}  // namespace ward::cli
