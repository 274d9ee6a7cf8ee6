#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>

#include "base/time.h"

namespace ward::wardd {

// How far the clock may lie ahead when the service starts, of the newest entry of all its ledgers:
// a service that nobody asked anything for so long waits with its ends until somebody does.
inline constexpr std::int64_t kEndsAhead_s = std::int64_t{30} * 86400;

// How far the clock may run ahead of the steady one between two looks.
inline constexpr std::int64_t kEndsJump_s = 3600;

// EndClock says whether a service may write the leaf of an end by its clock. Nobody asks for such a
// leaf, and a leaf of a time that has not come keeps out all that are written after the clock was
// set right. So a clock that leaped ahead is believed only when somebody's request has written a
// leaf by it. One that went back is: an end is late then, never early. Of one thread.
class EndClock {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  // believes is true where ends may be written at `now`. `newest` reads the newest time in all the
  // service's ledgers, nullopt where they are empty: then nothing can end. It is not asked while
  // the clock goes with the steady one.
  [[nodiscard]] bool believes(UnixTime now, Steady steady,
                              const std::function<std::optional<UnixTime>()>& newest);

 private:
  // Reading is what both clocks said when the clock was believed last.
  struct Reading {
    UnixTime now;
    Steady steady;
  };

  std::optional<Reading> believed_;
};

}  // namespace ward::wardd
