#include "keep/device_server.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "keep/fd_kind.h"
#include "keep/fd_message.h"

namespace ward::keep {
namespace {

constexpr std::uint8_t kKnock = 'd';
// Room for more descriptors than are welcome, so that their number is seen.
constexpr std::size_t kDoorDescriptors = 4;

bool would_wait(int error_number) { return error_number == EAGAIN || error_number == EINTR; }

// Knock is one message at the door.
struct Knock {
  bool open = true;  // false: the other end is closed
  UniqueFd fd;       // what may come in
};

// has_hung_up: an empty message reads like the end of the stream, but nobody has gone.
bool has_hung_up(int door) {
  pollfd entry{.fd = door, .events = 0, .revents = 0};
  return ::poll(&entry, 1, 0) != 0;
}

Knock receive_knock(int door) {
  std::array<std::uint8_t, 2> octets{};
  iovec part{.iov_base = octets.data(), .iov_len = octets.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(kDoorDescriptors * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  const ssize_t n = ::recvmsg(door, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (n < 0) return {.open = would_wait(errno), .fd = {}};
  std::vector<UniqueFd> fds = descriptors_of(message);
  if (n == 0 && fds.empty() && has_hung_up(door)) return {.open = false, .fd = {}};
  Knock out{.open = true, .fd = {}};
  if (n == 1 && octets[0] == kKnock && fds.size() == 1 && (message.msg_flags & MSG_CTRUNC) == 0 &&
      is_connected_unix_stream(fds.front().get())) {
    out.fd = std::move(fds.front());
  }
  return out;
}

void lower(int& timeout_ms, int left_ms) {
  if (left_ms >= 0 && (timeout_ms < 0 || left_ms < timeout_ms)) timeout_ms = left_ms;
}

}  // namespace

DeviceSession::DeviceSession(UniqueFd fd, int limit_ms, MayAttest may_attest)
    : fd_(std::move(fd)), limit_ms_(limit_ms), may_attest_(may_attest), deadline_(limit_ms) {}

std::int16_t DeviceSession::events() const { return out_.empty() ? POLLIN : POLLOUT; }

int DeviceSession::left_ms() const { return busy_ && !ended() ? deadline_.left_ms() : -1; }

std::size_t DeviceSession::wanted() const {
  return in_.size() < kDeviceHeadSize ? kDeviceHeadSize : kDeviceHeadSize + head_.size;
}

void DeviceSession::serve(Device& device, bool ready) {
  if (ended()) return;
  if (ready) out_.empty() ? read_some(device) : write_some();
  if (ended() || !busy_ || deadline_.left_ms() > 0) return;
  if (out_.empty()) {
    refuse({.code = Errc::kUnavailable,
            .what = "device: the request did not come whole within " + std::to_string(limit_ms_) +
                    " ms"});
  }
  end();
}

void DeviceSession::read_some(Device& device) {
  const std::size_t have = in_.size();
  in_.resize(wanted());
  const ssize_t n = ::recv(fd_.get(), in_.data() + have, in_.size() - have, MSG_DONTWAIT);
  const int problem = errno;
  in_.resize(have + static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  if (n < 0 && would_wait(problem)) return;
  if (n <= 0) return end();
  if (!busy_) deadline_.restart();
  busy_ = true;
  if (have < kDeviceHeadSize && in_.size() == kDeviceHeadSize) {
    const auto head = parse_device_head(std::span(in_).first<kDeviceHeadSize>());
    if (!head) return refuse({.code = head.error().code(), .what = head.error().what()});
    head_ = *head;
  }
  if (in_.size() >= kDeviceHeadSize && in_.size() == wanted()) take_request(device);
}

void DeviceSession::take_request(Device& device) {
  const auto request = parse_device_request(head_, Bytes(in_).subspan(kDeviceHeadSize));
  if (!request) return refuse({.code = request.error().code(), .what = request.error().what()});
  const bool attests =
      request->call == DeviceCall::kEvidence || request->call == DeviceCall::kRawEvidence;
  if (attests && may_attest_ == MayAttest::kNo) {
    return reply(refusal_of(
        {.code = Errc::kDenied, .what = "the manifest names a broker: the agent alone attests"}));
  }
  reply(answer_of(device, *request));
}

void DeviceSession::reply(SecretBytes octets) {
  in_.clear();
  head_ = {};
  out_ = std::move(octets);
  sent_ = 0;
  deadline_.restart();
  write_some();
}

// refuse says why, and ends: where the next request begins is not known.
void DeviceSession::refuse(const Failure& failure) {
  last_ = true;
  reply(refusal_of(failure));
}

void DeviceSession::write_some() {
  const Bytes rest = out_.expose().subspan(sent_);
  const ssize_t n = ::send(fd_.get(), rest.data(), rest.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0 && would_wait(errno)) return;
  if (n < 0) return end();
  sent_ += static_cast<std::size_t>(n);
  if (sent_ < out_.size()) return;
  out_ = {};
  busy_ = false;
  if (last_) end();
}

DeviceServer::DeviceServer(UniqueFd agent, UniqueFd door, MayAttest clients, int limit_ms)
    : limit_ms_(limit_ms), clients_may_attest_(clients), door_(std::move(door)) {
  agent_.emplace_back(std::move(agent), limit_ms);
}

void DeviceServer::wait_for(std::vector<pollfd>& entries, int& timeout_ms) const {
  const bool welcome = door_.valid() && clients_.size() < kMaxDeviceClients;
  entries.push_back({.fd = welcome ? door_.get() : -1, .events = POLLIN, .revents = 0});
  for (const auto* sessions : {&agent_, &clients_}) {
    for (const DeviceSession& session : *sessions) {
      entries.push_back({.fd = session.fd(), .events = session.events(), .revents = 0});
      lower(timeout_ms, session.left_ms());
    }
  }
}

void DeviceServer::serve(Device& device, std::span<const pollfd> entries) {
  std::size_t at = 1;
  for (auto* sessions : {&agent_, &clients_}) {
    for (DeviceSession& session : *sessions) {
      session.serve(device, entries[at++].revents != 0);
    }
    std::erase_if(*sessions, [](const DeviceSession& session) { return session.ended(); });
  }
  if (entries[0].revents != 0) take_client();
}

void DeviceServer::take_client() {
  Knock knock = receive_knock(door_.get());
  if (!knock.open) door_.reset();
  if (knock.fd.valid()) clients_.emplace_back(std::move(knock.fd), limit_ms_, clients_may_attest_);
}

void DeviceServer::hang_up() {
  if (!agent_.empty()) (void)::shutdown(agent_.front().fd(), SHUT_RDWR);
}

}  // namespace ward::keep
