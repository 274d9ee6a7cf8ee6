#include "apps/ward/broker_door.h"

#include <array>
#include <cerrno>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "keep/door.h"
#include "net/relay.h"

namespace ward::cli {
namespace {

constexpr int kConnectTimeoutMs = 10000;

// wait is true once something comes out of `relay`, false when the stop came.
bool wait(int relay, int stopped) {
  std::array<pollfd, 2> entries{{{.fd = relay, .events = POLLIN, .revents = 0},
                                 {.fd = stopped, .events = POLLIN, .revents = 0}}};
  while (::poll(entries.data(), entries.size(), -1) < 0 && errno == EINTR) {
  }
  return entries[1].revents == 0;
}

}  // namespace

BrokerDoor::BrokerDoor(int relay, net::Url broker)
    : relay_(relay),
      broker_(std::move(broker)),
      thread_([this](const std::stop_token& stop) { serve(stop); }) {}

std::optional<Error> BrokerDoor::failure() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return failure_;
}

void BrokerDoor::serve(const std::stop_token& stop) {
  const keep::UniqueFd stopped(::eventfd(0, EFD_CLOEXEC));
  if (!stopped.valid()) return;
  const std::stop_callback tell(stop, [&] {
    const std::uint64_t one = 1;
    (void)!::write(stopped.get(), &one, sizeof one);
  });
  while (wait(relay_, stopped.get())) {
    const auto stream = keep::receive_relayed(relay_);
    if (!stream) return;
    const auto done = net::relay(stream->get(), broker_, kConnectTimeoutMs, stop);
    const std::lock_guard<std::mutex> lock(mutex_);
    failure_ = done ? std::nullopt : std::optional<Error>(done.error());
  }
}

}  // namespace ward::cli
