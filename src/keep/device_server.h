#pragma once

#include <span>
#include <vector>

#include <poll.h>

#include "keep/deadline.h"
#include "keep/device.h"
#include "keep/device_request.h"
#include "keep/fd.h"

namespace ward::keep {

// At most so many streams of a keep's workload are answered at a time; more wait at the door.
inline constexpr std::size_t kMaxDeviceClients = 16;

// MayAttest says whether whoever asks on a stream is given evidence. Where a manifest names a
// broker the agent alone is: evidence that binds another key than the agent's would bring what the
// broker releases out of the keep.
enum class MayAttest : std::uint8_t { kNo, kYes };

// DeviceSession is one stream on which a keep asks its device. It never waits: each call of serve()
// takes one step. A request that is none, one that does not come whole, and an answer that is not
// taken within the limit end it; where it can it says why first.
class DeviceSession {
 public:
  DeviceSession(UniqueFd fd, int limit_ms, MayAttest may_attest = MayAttest::kYes);

  [[nodiscard]] bool ended() const { return !fd_.valid(); }

  // fd is what to wait for, with events(); -1 once it has ended.
  [[nodiscard]] int fd() const { return fd_.get(); }

  [[nodiscard]] std::int16_t events() const;

  // left_ms is how long it may take until the session ends by itself; -1: nothing is under way.
  [[nodiscard]] int left_ms() const;

  // serve does what can be done at once: `ready` where fd() has an event.
  void serve(Device& device, bool ready);

  void end() { fd_.reset(); }

 private:
  void read_some(Device& device);
  void take_request(Device& device);
  void write_some();
  void reply(SecretBytes octets);
  void refuse(const Failure& failure);
  [[nodiscard]] std::size_t wanted() const;

  UniqueFd fd_;
  int limit_ms_;
  MayAttest may_attest_;
  bool busy_ = false;  // a request or an answer is under way, by deadline_
  bool last_ = false;  // ends once the answer has gone
  Deadline deadline_;
  Buffer in_;
  DeviceHead head_;  // once in_ has it
  SecretBytes out_;
  std::size_t sent_ = 0;
};

// DeviceServer answers everybody in one keep: the agent on its stream, and the workload on streams
// whose ends it hands in through the door, a seqpacket socket: one message is the octet 'd' with
// one descriptor, a connected unix stream socket. Any other message is dropped and its descriptors
// are closed.
class DeviceServer {
 public:
  DeviceServer() = default;
  // `clients` is what the workload may; the agent may attest.
  DeviceServer(UniqueFd agent, UniqueFd door, MayAttest clients,
               int limit_ms = kDeviceRequestLimitMs);

  // wait_for appends what to wait for, and lowers `timeout_ms` (-1: without end) to when serve()
  // has something to do at the latest.
  void wait_for(std::vector<pollfd>& entries, int& timeout_ms) const;

  // serve answers, given the entries that wait_for appended, as poll(2) left them.
  void serve(Device& device, std::span<const pollfd> entries);

  // hang_up shows the agent the end of its stream.
  void hang_up();

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }

 private:
  void take_client();

  int limit_ms_ = 0;
  MayAttest clients_may_attest_ = MayAttest::kNo;
  std::vector<DeviceSession> agent_;  // one, or none any more
  UniqueFd door_;
  std::vector<DeviceSession> clients_;
};

}  // namespace ward::keep
