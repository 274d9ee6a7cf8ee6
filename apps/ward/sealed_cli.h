#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ward/cli.h"
#include "apps/ward/output_file.h"
#include "base/time.h"
#include "seal/file/fault.h"
#include "seal/file/provenance.h"
#include "seal/file/sealed_file.h"

// What `ward seal` and `ward open` share.
namespace ward::cli {

inline constexpr std::string_view kSealedSuffix = ".sealed";

// InputFile is a regular file, read as a stream.
class InputFile {
 public:
  InputFile() = default;
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;
  ~InputFile();

  // open: kUnavailable where it cannot be opened or is no regular file (file_error).
  [[nodiscard]] Result<void> open(const std::string& path);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  // reader reads on from where the last read ended; `progress` is told how much each time. Both
  // this object and what `progress` refers to outlive it.
  [[nodiscard]] seal::ReadFn reader(std::function<void(std::size_t)> progress);

 private:
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

// prepare_output opens the output. kDenied where the name is taken and not `replace`; kUnavailable.
[[nodiscard]] Result<OutputFile> prepare_output(const std::string& path, bool replace,
                                                OutputFile::Readers readers);

// Progress writes a line about long work to stderr, where that is a terminal.
class Progress {
 public:
  Progress(std::string_view what, std::string_view file, std::uint64_t total);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  ~Progress();

  void add(std::size_t bytes);

 private:
  std::string label_;
  std::uint64_t total_;
  std::uint64_t done_ = 0;
  std::uint64_t shown_ = 0;
  bool terminal_;
};

// Outcome is what became of one file. `about` is what an error is about.
struct Outcome {
  std::string file;
  std::string output;
  std::optional<seal::Head> head;
  std::optional<Error> error;
  std::string about;
  bool provenance_unchecked = false;                  // there is one, and the caller skipped it
  std::optional<seal::CheckedProvenance> provenance;  // what was proved
  std::vector<seal::Fault> passed;                    // faults that were looked for and not found
  // Of ward open: what was not compared because no option asked for it.
  std::optional<std::vector<std::string_view>> unchecked;

  // add_passed notes faults that a finished step excludes.
  void add_passed(std::initializer_list<seal::Fault> faults) {
    passed.insert(passed.end(), faults);
  }

  [[nodiscard]] Outcome with(const Error& why, std::string_view what = {}) const;
};

// protect_process: nothing of this process gets into a core file, and other processes of its user
// cannot look into it.
void protect_process();

// report prints all outcomes and returns the exit code: a refusal beats what could not be told.
[[nodiscard]] int report(std::string_view schema, const std::vector<Outcome>& outcomes, bool json);

}  // namespace ward::cli
