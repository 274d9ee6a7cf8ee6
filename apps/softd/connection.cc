#include "apps/softd/connection.h"

#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "apps/softd/keep_device.h"
#include "apps/softd/signals.h"
#include "keep/deadline.h"
#include "keep/launch_channel.h"

namespace ward::softd {
namespace {

keep::Failure failure_of(const Error& error) {
  return {.code = error.code(), .what = error.what()};
}

keep::LaunchEnded ended_of(int status) {
  if (WIFSIGNALED(status)) {
    return {.signalled = true, .number = static_cast<std::uint32_t>(WTERMSIG(status))};
  }
  return {.signalled = false, .number = static_cast<std::uint32_t>(WEXITSTATUS(status))};
}

class Connection {
 public:
  Connection(const ConnectionRequest& request, const soft::Platform& platform)
      : request_(request), platform_(platform) {}

  Result<void, keep::Failure> run() {
    WARD_CHECK_OK(start());
    if (!send_event(request_.socket, started())) return {};  // the peer is gone, the keep with it
    if (!keep_->attend(*device_, ends())) keep_->kill();
    const auto status = keep_->wait();
    if (!status) return failure_of(status.error());
    (void)send_event(request_.socket, ended_of(*status));
    return {};
  }

 private:
  Result<void, keep::Failure> start() {
    // Only the demand has a bound, and one bound: afterwards the peer has nothing more to say.
    const keep::Deadline deadline(request_.demand_limit_ms);
    auto demand = keep::receive_demand(request_.socket, &deadline);
    if (!demand) return failure_of(demand.error());
    WARD_TRY(signals_, blocked_signals({SIGTERM, SIGINT, SIGHUP, SIGQUIT}));
    const auto manifest = keep::parse_manifest(demand->manifest);
    if (!manifest) {
      return keep::Failure{.code = Errc::kMalformed,
                           .what = "manifest: " + to_text(manifest.error())};
    }
    const keep::LaunchRequest launch{
        .manifest = &*manifest,
        .root_fd = demand->fds.root.get(),
        .relay_fd = demand->fds.relay.get(),
        .output_fd = demand->fds.output.get(),
        .stdout_fd = demand->fds.standard_output.get(),
        .stderr_fd = demand->fds.standard_error.get(),
        .reader = keep::FileReader{.uid = request_.peer.uid, .gid = request_.peer.gid},
        .number = request_.number,
        .agent = request_.agent,
        .admit = [&](const keep::Measured& measured) -> Result<void, keep::Failure> {
          WARD_TRY(device_, KeepDevice::launch(platform_, demand->options, measured));
          return {};
        },
        .given_up = [this] { return is_over(); }};
    WARD_TRY(keep_, keep::launch(launch));
    return {};  // `demand` closes its descriptors: the keep has its own
  }

  [[nodiscard]] keep::LaunchStarted started() const {
    const soft::Guest& guest = device_->guest();
    return {.platform = std::string("ward software TEE, soft-") + guest.face().name + ": " +
                        guest.face().text,
            .development = true,
            .mark = kMark,
            .workload = to_hex(keep_->measured().workload),
            .launch_measurement = to_hex(guest.launch_measurement()),
            .enforcement = keep_->enforcement()};
  }

  // What ends a keep: the peer is gone, a signal has come, softd is gone.
  [[nodiscard]] std::array<pollfd, 3> ends() const {
    return {{{.fd = request_.socket, .events = POLLRDHUP, .revents = 0},
             {.fd = signals_.get(), .events = POLLIN, .revents = 0},
             {.fd = request_.lifeline, .events = 0, .revents = 0}}};
  }

  [[nodiscard]] bool is_over() const {
    auto entries = ends();
    return ::poll(entries.data(), entries.size(), 0) > 0;
  }

  const ConnectionRequest& request_;
  const soft::Platform& platform_;
  std::unique_ptr<KeepDevice> device_;
  keep::UniqueFd signals_;
  std::unique_ptr<keep::Keep> keep_;
};

}  // namespace

void serve_connection(const ConnectionRequest& request, const soft::Platform& platform) {
  const auto done = Connection(request, platform).run();
  if (!done) (void)send_event(request.socket, done.error());
}

}  // namespace ward::softd
