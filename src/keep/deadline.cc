#include "keep/deadline.h"

#include <algorithm>

#include <time.h>

namespace ward::keep {
namespace {

std::int64_t read_ms(clockid_t clock) {
  constexpr std::int64_t kNanosPerMilli = 1'000'000;
  timespec now{};
  (void)::clock_gettime(clock, &now);
  return now.tv_sec * 1000 + now.tv_nsec / kNanosPerMilli;
}

}  // namespace

std::int64_t monotonic_ms() { return read_ms(CLOCK_MONOTONIC); }

std::int64_t boottime_ms() { return read_ms(CLOCK_BOOTTIME); }

void Deadline::restart_within(std::int64_t limit_ms) {
  limit_ms_ = static_cast<int>(std::clamp<std::int64_t>(limit_ms, 0, longest_ms_));
  end_ms_ = monotonic_ms() + limit_ms_;
}

int Deadline::left_ms() const {
  return static_cast<int>(std::max<std::int64_t>(end_ms_ - monotonic_ms(), 0));
}

std::string no_answer_within(const Deadline& deadline) {
  return "no answer within " + std::to_string(deadline.limit_ms()) + " ms";
}

std::int64_t longest_run_ms(const Manifest& manifest) {
  const auto waits = static_cast<std::int64_t>(1 + manifest.inputs.size());
  const auto copy_ms =
      static_cast<std::int64_t>(manifest.limits.disk_bytes / kSlowestBytesPerSecond * 1000);
  return waits * kReleaseLimitMs + 2 * (kReleaseLimitMs + copy_ms) +
         std::int64_t{manifest.limits.seconds} * 1000;
}

}  // namespace ward::keep
