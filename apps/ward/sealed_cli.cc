#include "apps/ward/sealed_cli.h"

#include <cerrno>
#include <cinttypes>
#include <cstdio>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_error.h"
#include "codec/json_write.h"
#include "seal/file/fault.h"

namespace ward::cli {
namespace {

// Shorter work needs no progress.
constexpr std::uint64_t kProgressStep = std::uint64_t{16} << 20U;

bool is_output_taken(const Error& error) {
  return std::string_view(error.what()) == "output: the file exists already";
}

int exit_code(const Error& error) {
  if (is_output_taken(error)) return kUsage;
  switch (error.code()) {
    case Errc::kUnavailable:
    case Errc::kInternal:
    case Errc::kUnsupported:  // a version or suite that this program does not know
      return kCouldNotTell;
    case Errc::kTruncated:
    case Errc::kMalformed:
    case Errc::kUntrusted:
    case Errc::kStale:
    case Errc::kDenied:
    case Errc::kLimit:
      return kRefused;
  }
  return kRefused;
}

std::string_view hint_for(const Error& error) {
  if (is_output_taken(error)) return "--force replaces it";
  const auto fault = seal::fault_of(error);
  if (!fault) return {};
  using enum seal::Fault;
  if (fault == kNoSlot) return "`ward inspect FILE` lists who may open it";
  if (fault == kProvenanceUnchecked) {
    return "--jwks, --issuer and --expect-workload check it; --unchecked-provenance opens it "
           "without";
  }
  if (fault == kTokenWarning) return "--allow-warning accepts it";
  if (fault == kDevelopment) return "--allow-development accepts it";
  return {};
}

std::string reason_of(const Error& error) {
  const auto fault = seal::fault_of(error);
  if (fault) return std::string(seal::to_text(*fault));
  return is_output_taken(error) ? "output_exists" : "failed";
}

void write_provenance(codec::JsonWriter& w, const Outcome& outcome) {
  const auto& claimed = outcome.head->header.provenance;
  if (!claimed) {
    w.null();
    return;
  }
  w.begin_object().member("verified", outcome.provenance.has_value());
  if (outcome.provenance) {
    w.member("workload", to_hex(outcome.provenance->workload));
    w.member("development", outcome.provenance->development);
  }
  w.name("inputs").begin_array();
  for (const seal::ProvenanceInput& input : claimed->inputs) {
    w.begin_object().member("name", input.name).member("id", to_hex(input.id));
    w.member("head_sha256", to_hex(input.head)).end_object();
  }
  w.end_array().end_object();
}

std::string_view provenance_text(const Outcome& outcome) {
  if (outcome.provenance_unchecked) return " (provenance not checked)";
  if (!outcome.provenance) return "";
  return outcome.provenance->development ? " (provenance verified; a development platform)"
                                         : " (provenance verified)";
}

void write_outcome(codec::JsonWriter& w, const Outcome& outcome) {
  w.begin_object().member("file", outcome.file).member("ok", !outcome.error);
  if (outcome.error) {
    w.member("reason", reason_of(*outcome.error)).member("error", error_text(*outcome.error));
    w.member("about", outcome.about);
    w.name("passed").begin_array();
    for (const seal::Fault fault : outcome.passed) {
      w.string(seal::to_text(fault));
    }
    w.end_array();
  } else if (outcome.head) {
    const seal::Header& header = outcome.head->header;
    w.member("output", outcome.output).member("id", to_hex(header.id)).member("name", header.name);
    w.member("content_version", header.content_version).member("creator", header.creator);
    w.member("created", format_rfc3339(header.created)).member("size", header.size);
    w.member("head_sha256", to_hex(outcome.head->digest()));
    w.name("provenance");
    write_provenance(w, outcome);
    if (outcome.unchecked) {
      w.name("unchecked").begin_array();
      for (const std::string_view one : *outcome.unchecked) {
        w.string(one);
      }
      w.end_array();
    }
  }
  w.end_object();
}

// say_unchecked: what was not asked for was not compared, and is not to be taken for granted.
void say_unchecked(const Outcome& outcome) {
  if (!outcome.unchecked) return;
  std::string names;
  for (const std::string_view one : *outcome.unchecked) {
    if (!names.empty()) names += ", ";
    names += one;
  }
  if (!names.empty()) {
    (void)std::fprintf(stderr, "ward: %s: not compared: %s\n", outcome.file.c_str(), names.c_str());
  }
}

int worse(int a, int b) {
  for (const int code : {kRefused, kUsage, kCouldNotTell}) {
    if (a == code || b == code) return code;
  }
  return kAccepted;
}

}  // namespace

InputFile::~InputFile() {
  if (fd_ >= 0) ::close(fd_);
}

Result<void> InputFile::open(const std::string& path) {
  fd_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd_ < 0) return file_error(errno);

  struct stat info {};

  if (::fstat(fd_, &info) != 0) return file_error(errno);
  if (S_ISDIR(info.st_mode)) return file_error(EISDIR);
  if (!S_ISREG(info.st_mode)) return file_error(ENXIO);
  size_ = static_cast<std::uint64_t>(info.st_size);
  return {};
}

seal::ReadFn InputFile::reader(std::function<void(std::size_t)> progress) {
  return [fd = fd_,
          progress = std::move(progress)](std::span<std::uint8_t> out) -> Result<std::size_t> {
    for (;;) {
      const ssize_t n = ::read(fd, out.data(), out.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return file_error(errno);
      progress(static_cast<std::size_t>(n));
      return static_cast<std::size_t>(n);
    }
  };
}

Result<OutputFile> prepare_output(const std::string& path, bool replace,
                                  OutputFile::Readers readers) {
  struct stat info {};

  if (!replace && ::lstat(path.c_str(), &info) == 0) {
    return Error(Errc::kDenied, "output: the file exists already");
  }
  return OutputFile::create(path, readers);
}

Progress::Progress(std::string_view what, std::string_view file, std::uint64_t total)
    : label_(what), total_(total), terminal_(::isatty(STDERR_FILENO) == 1) {
  label_ += ' ';
  label_ += file;
}

Progress::~Progress() {
  if (shown_ > 0) (void)std::fputs("\r\033[K", stderr);
}

void Progress::add(std::size_t bytes) {
  done_ += bytes;
  if (!terminal_ || done_ - shown_ < kProgressStep || total_ == 0) return;
  shown_ = done_;
  (void)std::fprintf(stderr, "\r\033[K%s: %" PRIu64 " %% of %" PRIu64 " MiB", label_.c_str(),
                     done_ * 100 / total_, total_ >> 20U);
}

Outcome Outcome::with(const Error& why, std::string_view what) const {
  Outcome out = *this;
  out.error = why;
  if (!what.empty()) out.about = what;
  return out;
}

void protect_process() { (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); }

int report(std::string_view schema, const std::vector<Outcome>& outcomes, bool json) {
  int code = kAccepted;
  codec::JsonWriter w(codec::JsonWriter::Style::kPretty);
  w.begin_object().member("schema", schema).name("files").begin_array();
  for (const Outcome& outcome : outcomes) {
    write_outcome(w, outcome);
    if (!outcome.error) continue;
    code = worse(code,
                 fail(exit_code(*outcome.error), outcome.about + ": " + error_text(*outcome.error),
                      hint_for(*outcome.error)));
  }
  const auto text = w.end_array().end_object().take();
  if (!text) return fail(kCouldNotTell, error_text(text.error()));
  if (json) {
    const int printed = print(*text + '\n');
    return printed == kAccepted ? code : printed;
  }
  for (const Outcome& outcome : outcomes) {
    if (outcome.error) continue;
    say_unchecked(outcome);
    if (outcome.output == "-") continue;
    std::string line = outcome.output;
    line += provenance_text(outcome);
    if (const int printed = print(line + '\n'); printed != kAccepted) return printed;
  }
  return code;
}

}  // namespace ward::cli
