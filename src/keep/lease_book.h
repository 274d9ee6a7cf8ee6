#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

// When the keys of a keep end, when they are asked for again, and when a workload is told. Pure
// arithmetic: what time it is comes in with each call, in milliseconds of a clock that nobody sets
// and that counts while the machine is suspended (keep/deadline.h, boottime_ms).
namespace ward::keep {

inline constexpr std::int64_t kNever_ms = std::numeric_limits<std::int64_t>::max();

// A lease that lasts L is asked for again between 3/8 and 1/2 of L after it began. Where nobody
// answers, again after a pause of L/32, then after twice that, and so on, each up to a quarter
// longer; no pause is shorter than kShortestPause_ms, nor longer than the lesser of L/8 and
// kLongestPause_ms. One attempt takes at most the greater of L/4 and kShortestAttempt_ms, and none
// goes beyond warn_ms.
inline constexpr std::int64_t kShortestPause_ms = 50;
inline constexpr std::int64_t kLongestPause_ms = 900'000;
inline constexpr std::int64_t kShortestAttempt_ms = 2'000;

// LeaseBook knows the leases of a keep's keys, which it counts as the manifest does its inputs.
// Values; one thread at a time.
class LeaseBook {
 public:
  // `grace_ms` is the manifest's.
  LeaseBook(std::size_t keys, std::int64_t grace_ms) : entries_(keys), grace_ms_(grace_ms) {}

  // released: the key `index` came for `seconds` (nullopt: for good), to a request that was begun
  // at `began_ms`: before the broker knew of it, hence no later than the lease. Its newest word
  // holds, also where it ends earlier than the one before. `jitter` is a random octet.
  void released(std::size_t index, std::int64_t began_ms, std::optional<std::uint32_t> seconds,
                std::uint8_t jitter);

  // missed: the key `index` was asked for, and nobody could tell.
  void missed(std::size_t index, std::int64_t now_ms, std::uint8_t jitter);

  // due lists the keys that are to be asked for at `now_ms`.
  [[nodiscard]] std::vector<std::size_t> due(std::int64_t now_ms) const;

  // next_ms is when a key is due; kNever_ms where none has a lease.
  [[nodiscard]] std::int64_t next_ms() const;

  // attempt_ms is how long an attempt that begins at `now_ms` may take.
  [[nodiscard]] std::int64_t attempt_ms(std::int64_t now_ms) const;

  // end_ms is when the first of the leases ends: the workload is gone then. kNever_ms: none.
  [[nodiscard]] std::int64_t end_ms() const;

  // warn_ms is when the workload is told that it ends, and nothing is renewed any more: the grace
  // before end_ms, but at most a quarter of the lease.
  [[nodiscard]] std::int64_t warn_ms() const;

  // first is the key whose lease ends first; nullopt where none has one.
  [[nodiscard]] std::optional<std::size_t> first() const;

 private:
  struct Entry {
    std::int64_t life_ms = 0;
    std::int64_t end_ms = kNever_ms;
    std::int64_t next_ms = kNever_ms;
    std::int64_t pause_ms = 0;
  };

  [[nodiscard]] std::int64_t warn_of(const Entry& entry) const;

  std::vector<Entry> entries_;
  std::int64_t grace_ms_;
};

}  // namespace ward::keep
