#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>

#include <sys/socket.h>

namespace ward::cli {

// MakerLimits are how many pieces of evidence a proxy has made at a time, and how many connections
// that are not open yet may wait for their turn: in all, and of one address. Each piece is a
// process, and often a device that does one thing at a time.
struct MakerLimits {
  std::size_t within = 4;
  std::size_t waiting = 32;
  std::size_t waiting_of_one = 4;
};

// Asker is who wants a turn.
struct Asker {
  // Its channel is open: it goes before all that are not, and is never told that too many wait. A
  // connection asks for one turn at a time, so open ones wait no longer than there are connections.
  bool open = false;
  std::string address;  // as address_of has it
  std::chrono::steady_clock::time_point until;
};

// address_of is what counts as one peer: an IPv4 address, also where it is mapped into IPv6, or the
// first 64 bits of an IPv6 address, which one network has. "" for any other family.
[[nodiscard]] std::string address_of(const sockaddr_storage& peer);

// MakerGate lets so many in at a time. Thread safe.
class MakerGate {
 public:
  explicit MakerGate(const MakerLimits& limits) : limits_(limits) {}

  MakerGate(const MakerGate&) = delete;
  MakerGate& operator=(const MakerGate&) = delete;
  ~MakerGate() = default;

  enum class Outcome : std::uint8_t {
    kWithin,
    kFull,     // too many wait
    kLate,     // no place until then
    kStopped,  // nobody waits any more
  };

  // Turn is a place within, until it ends, where its outcome is kWithin.
  class Turn {
   public:
    Turn(MakerGate* gate, Outcome outcome) : gate_(gate), outcome_(outcome) {}

    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn();

    [[nodiscard]] Outcome outcome() const { return outcome_; }

    explicit operator bool() const { return outcome_ == Outcome::kWithin; }

   private:
    MakerGate* gate_;
    Outcome outcome_;
  };

  // enter waits for a place, until asker.until or until `stop` is asked for. Who is open comes
  // first; otherwise who came first.
  [[nodiscard]] Turn enter(const Asker& asker, const std::stop_token& stop);

  // waiting is how many wait now, open or not.
  [[nodiscard]] std::size_t waiting() const;

 private:
  using Queue = std::list<std::string>;  // addresses

  [[nodiscard]] bool full_for(const std::string& address) const;
  [[nodiscard]] bool is_next(Queue::const_iterator place) const;

  const MakerLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t within_ = 0;  // under mutex_
  Queue open_;              // under mutex_
  Queue others_;            // under mutex_
};

}  // namespace ward::cli
