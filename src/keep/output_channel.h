#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret_memory.h"
#include "keep/manifest.h"

// What leaves a keep, on the stream output_fd: sealed outputs and one report. Frames of
// kind(1) length(4, little endian) octets:
//
//   'O' name      an output begins
//   'D' octets    more of it
//   'E'           it is complete
//   'R' report    deterministic CBOR; nothing follows
//
// A stream that ends without its report is truncated, and so is an output without its 'E'. A report
// of "done" before every output of the manifest has come is malformed, and so is text that is not
// UTF-8.
namespace ward::keep {

// How a run ended.
enum class Ending : std::uint8_t {
  kDone,                // the workload returned 0 and every output left sealed
  kWorkloadFailed,      // it returned `status`
  kWorkloadKilled,      // it was ended by the signal `status`: by a limit on memory, or by itself
  kTimeLimit,           // it ran into limits.seconds
  kWorkloadNotStarted,  // the kernel refused to execute it; `status` is the errno
  kBrokerRefused,       // `detail` is what the broker says
  kBrokerUnreachable,
  kBrokerUntrusted,  // who answered has another key than the manifest names
  kLeaseRefused,   // `subject`'s key may not be used any more: its broker, or the manifest, says so
  kLeaseExpired,   // its lease could not be renewed before it ended
  kInputRefused,   // a sealed input does not open: `subject` names it
  kOutputMissing,  // `subject` was not written, or is not a file
  kIsolationIncomplete,
  kInternal,
};

[[nodiscard]] std::string_view to_text(Ending ending);  // "done", "broker_refused", ...

// RunReport says how a run ended. Nothing in it is secret.
struct RunReport {
  Ending ending = Ending::kInternal;
  std::uint32_t status = 0;
  std::string subject;             // an input's or output's name
  std::string detail;              // for people
  std::uint32_t left_behind = 0;   // processes that the workload left and the keep ended
  std::uint32_t milliseconds = 0;  // of the workload
  std::uint32_t renewals = 0;      // of keys that came for a time
  SecretMemory key_memory = SecretMemory::kOrdinary;  // where the keep's keys lay

  friend bool operator==(const RunReport&, const RunReport&) = default;
};

inline constexpr std::size_t kMaxReportText = 4096;
inline constexpr std::size_t kMaxFrameBytes = std::size_t{1} << 20U;

// OutputWriter is the agent's side; it borrows the descriptor. Each call is kUnavailable where the
// reader is gone.
class OutputWriter {
 public:
  explicit OutputWriter(int fd) : fd_(fd) {}

  [[nodiscard]] Result<void> begin(std::string_view name);
  [[nodiscard]] Result<void> data(Bytes octets);
  [[nodiscard]] Result<void> end();

  // report writes the last frame; texts become valid_text (keep/text.h) of
  // kMaxReportText.
  [[nodiscard]] Result<void> report(const RunReport& report);

 private:
  [[nodiscard]] Result<void> frame(std::uint8_t kind, Bytes octets);

  int fd_;
};

// OutputSink takes what a keep hands out. It decides where files lie; names are plain names.
class OutputSink {
 public:
  OutputSink() = default;
  OutputSink(const OutputSink&) = delete;
  OutputSink& operator=(const OutputSink&) = delete;
  virtual ~OutputSink() = default;

  [[nodiscard]] virtual Result<void> begin(const std::string& name) = 0;
  [[nodiscard]] virtual Result<void> data(Bytes octets) = 0;

  // end: the output is complete. What was begun and not ended is not to be kept.
  [[nodiscard]] virtual Result<void> end() = 0;
};

// read_outputs reads the stream to its report. The keep may be hostile: names must be outputs of
// the manifest, each once, all of them where it reports kDone, and all octets together at most
// `max_bytes`. kMalformed, kTruncated,
// kLimit; errors of the sink.
[[nodiscard]] Result<RunReport> read_outputs(int fd, const Manifest& manifest,
                                             std::uint64_t max_bytes, OutputSink& sink);

// write_report and parse_report are the report's octets.
[[nodiscard]] Result<Buffer> write_report(const RunReport& report);
[[nodiscard]] Result<RunReport> parse_report(Bytes octets);

}  // namespace ward::keep
