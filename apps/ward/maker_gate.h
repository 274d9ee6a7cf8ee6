#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

namespace ward::cli {

// How many pieces of evidence a proxy has made at a time, and how many connections may wait for
// their turn: each is a process, and often a device that does one thing at a time.
inline constexpr std::size_t kMaxMakers = 4;
inline constexpr std::size_t kMaxMakersWaiting = 32;

// MakerGate lets so many in at a time. Thread safe.
class MakerGate {
 public:
  MakerGate(std::size_t most, std::size_t most_waiting)
      : most_(most), most_waiting_(most_waiting) {}

  MakerGate(const MakerGate&) = delete;
  MakerGate& operator=(const MakerGate&) = delete;
  ~MakerGate() = default;

  // Turn is a place within, until it ends.
  class Turn {
   public:
    explicit Turn(MakerGate* gate) : gate_(gate) {}

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    // False: too many wait, or the wait was stopped.
    explicit operator bool() const { return gate_ != nullptr; }

   private:
    MakerGate* gate_;
  };

  // enter waits for a place, until `stop` is asked for.
  [[nodiscard]] Turn enter(const std::stop_token& stop);

  // waiting is how many wait now.
  [[nodiscard]] std::size_t waiting() const;

 private:
  const std::size_t most_;
  const std::size_t most_waiting_;
  mutable std::mutex mutex_;
  std::condition_variable_any left_;
  std::size_t within_ = 0;   // under mutex_
  std::size_t waiting_ = 0;  // under mutex_
};

}  // namespace ward::cli
