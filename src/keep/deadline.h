#pragma once

#include <cstdint>
#include <string>

#include "keep/manifest.h"

// What bounds a keep's time outside its workload, which has the manifest's limits.seconds.
namespace ward::keep {

// How long the agent waits, in all, for device and broker while it attests, and again for each key
// that it asks for. The operator's side can always delay; it cannot make a keep wait for ever.
inline constexpr int kReleaseLimitMs = 60'000;

// A keep asks its device in one piece, and takes the answer at once.
inline constexpr int kDeviceRequestLimitMs = 5'000;

// Slower than this nobody opens inputs or takes sealed outputs.
inline constexpr std::uint64_t kSlowestBytesPerSecond = std::uint64_t{8} << 20U;

// monotonic_ms is the time on a clock that nobody sets.
[[nodiscard]] std::int64_t monotonic_ms();

// boottime_ms is the same, and counts on while the machine is suspended: what leases end by.
[[nodiscard]] std::int64_t boottime_ms();

// Deadline is a moment some milliseconds after it was made, or started again.
class Deadline {
 public:
  explicit Deadline(int limit_ms) : longest_ms_(limit_ms) { restart(); }

  void restart() { restart_within(longest_ms_); }

  // restart_within starts it with a shorter limit, until it is started again.
  void restart_within(std::int64_t limit_ms);

  // left_ms is 0 once it has passed: a timeout for poll(2).
  [[nodiscard]] int left_ms() const;

  [[nodiscard]] int limit_ms() const { return limit_ms_; }

 private:
  int longest_ms_;
  int limit_ms_ = 0;
  std::int64_t end_ms_ = 0;
};

// no_answer_within says that nobody answered before it passed.
[[nodiscard]] std::string no_answer_within(const Deadline& deadline);

// longest_run_ms is the time after which launch() ends a keep whatever it does: to attest and to be
// given its keys, to open its inputs and to hand out its outputs, each as large as its disk, and to
// run its workload.
[[nodiscard]] std::int64_t longest_run_ms(const Manifest& manifest);

}  // namespace ward::keep
