#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/event_log.h"

namespace ward::soft {

// Bounds on what one TD's event log lists, so that evidence stays small. Each is tested at its
// value and one above.
inline constexpr std::size_t kMaxListedFiles = 1024;          // files and links together
inline constexpr std::size_t kMaxListedOctets = 128U << 10U;  // of the texts that name them
inline constexpr std::size_t kMaxEventData = 1024;            // octets of one event of run time
inline constexpr std::size_t kMaxRuntimeEvents = 256;

// TdLog is the runtime measurement registers of a TD, and the confidential computing event log that
// gives them (UEFI 2.10, 38.4; SHA-384 alone). What each register holds stands in README.md.
class TdLog {
 public:
  // create measures what the launcher knows of a keep: the platform in RTMR0; files and links of
  // `canonical`, the measured form of a manifest (docs/formats/manifest.md), in RTMR1; its other
  // members in RTMR2. Where there are more files than the bounds allow, one event measures all.
  // kMalformed where `canonical` is no CBOR map, or holds what JSON cannot say (tags, keys that are
  // no texts); errors of codec::parse_cbor.
  static Result<TdLog> create(Bytes canonical);

  // extend measures an event of run time into RTMR3; the log lists the data. Errors of
  // Guest::extend.
  Result<void> extend(unsigned index, Bytes event_data);

  [[nodiscard]] const std::array<std::array<std::uint8_t, 48>, 4>& registers() const {
    return registers_;
  }

  // log is the whole event log.
  [[nodiscard]] Buffer log() const { return tcg::write_event_log(parts_); }

 private:
  TdLog();

  void measure(unsigned index, tcg::EventParts event);
  void measure_text(unsigned index, std::string_view text);

  tcg::LogParts parts_;
  std::array<std::array<std::uint8_t, 48>, 4> registers_{};
  std::size_t runtime_events_ = 0;
};

}  // namespace ward::soft
