#include "apps/ward-keep/agent_main.h"

#include <array>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "keep/device_channel.h"
#include "keep/door.h"
#include "keep/fd.h"
#include "keep/isolation_check.h"
#include "keep/keep_init.h"
#include "keep/runtime.h"
#include "keep/sandbox.h"
#include "net/http/client.h"
#include "net/socket.h"
#include "net/tls/context.h"
#include "net/tls/stream.h"

namespace ward::keep {
namespace {

// RelayConnector ends TLS in this process, over streams that lead out through one socket.
class RelayConnector final : public Connector {
 public:
  RelayConnector(const Clock& clock, const Deadline& deadline)
      : clock_(clock), deadline_(deadline) {}

  Result<std::unique_ptr<protocol::Exchange>> connect(const BrokerEntry& broker) override {
    auto exchange = connect_once(broker);
    if (!exchange) {
      end();
      return exchange.error();
    }
    return std::unique_ptr<protocol::Exchange>(
        std::make_unique<Connection>(*this, *std::move(exchange)));
  }

  void interrupt() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    interrupted_ = true;
    if (current_.valid()) (void)::shutdown(current_.get(), SHUT_RDWR);
  }

 private:
  // Connection lets go of the stream's copy when it ends, so that its other end sees that.
  class Connection final : public protocol::Exchange {
   public:
    Connection(RelayConnector& owner, std::unique_ptr<protocol::Exchange> below)
        : owner_(owner), below_(std::move(below)) {}

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() override {
      below_.reset();
      owner_.end();
    }

    Result<protocol::HttpResponse> exchange(const protocol::HttpRequest& request) override {
      return below_->exchange(request);
    }

   private:
    RelayConnector& owner_;
    std::unique_ptr<protocol::Exchange> below_;
  };

  Result<std::unique_ptr<protocol::Exchange>> connect_once(const BrokerEntry& broker) {
    WARD_TRY(const net::Url url, net::parse_https_url(broker.url));
    WARD_TRY(const net::TlsContext context,
             net::client_context(net::SpkiPin{.sha256 = broker.spki_sha256}, clock_.now()));
    WARD_TRY(const int fd, new_stream());
    WARD_TRY(auto stream,
             net::tls_connect(net::socket_transport(fd, [this] { return deadline_.left_ms(); }),
                              context, url.host));
    return net::http_over(std::move(stream), url.host, url.path);
  }

  // new_stream is for its caller to close; a copy of it is kept to be interrupted.
  Result<int> new_stream() {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (interrupted_) return Error(Errc::kUnavailable, "ward-keep: the run has ended");
    WARD_TRY(UniqueFd stream, enter_relay(kRelayFd));
    current_.reset(::fcntl(stream.get(), F_DUPFD_CLOEXEC, 0));
    if (!current_.valid()) return Error(Errc::kUnavailable, "ward-keep: descriptors");
    return stream.release();
  }

  void end() {
    const std::lock_guard<std::mutex> lock(mutex_);
    current_.reset();
  }

  const Clock& clock_;
  const Deadline& deadline_;
  std::mutex mutex_;
  UniqueFd current_;
  bool interrupted_ = false;
};

Result<Buffer> read_file(const char* path, std::size_t max) {
  const UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.valid()) return Error(Errc::kUnavailable, "ward-keep: file of the launcher");
  Buffer out;
  std::array<std::uint8_t, 65536> block{};
  while (true) {
    const ssize_t n = ::read(fd.get(), block.data(), block.size());
    if (n < 0) return Error(Errc::kUnavailable, "ward-keep: file of the launcher");
    if (n == 0) return out;
    out.insert(out.end(), block.begin(), block.begin() + n);
    if (out.size() > max) return Error(Errc::kLimit, "ward-keep: file of the launcher");
  }
}

// check_self names what is wrong where a fence is missing, or where the launcher's two files do not
// belong together; no key is made then.
std::string check_self(const ParsedCanonical& parsed, Bytes canonical, std::string_view init_data) {
  const auto status = read_file("/proc/self/status", std::size_t{1} << 16U);
  if (!status) return "/proc/self/status cannot be read";
  if (std::string missing = missing_isolation(as_text(*status)); !missing.empty()) return missing;
  if (init_data_of(parsed.manifest.name, canonical) != init_data) {
    return "init-data names another manifest";
  }
  return {};
}

Result<RunReport> work(const AgentWorld& world, OutputWriter& output) {
  WARD_TRY(const Buffer canonical, read_file(kManifestPath, kMaxCanonicalBytes));
  WARD_TRY(const Buffer init_data, read_file(kInitDataPath, std::size_t{1} << 16U));
  WARD_TRY(const ParsedCanonical parsed, parse_canonical(canonical));
  if (std::string problem = check_self(parsed, canonical, as_text(init_data)); !problem.empty()) {
    RunReport report{.ending = Ending::kIsolationIncomplete};
    report.detail = std::move(problem);
    WARD_CHECK_OK(output.report(report));
    return report;
  }
  WARD_TRY(const SeccompProgram filter, seccomp_program(Role::kWorkload));
  Deadline deadline(world.release_limit_ms);
  DeviceClient device(kDeviceFd, &deadline);
  RelayConnector connector(*world.clock, deadline);
  std::vector<int> inputs;
  for (std::size_t i = 0; i < parsed.manifest.inputs.size(); ++i) {
    inputs.push_back(kInputFd + static_cast<int>(i));
  }
  return run_agent({.keep = &parsed,
                    .init_data = as_text(init_data),
                    .device = &device,
                    .connector = &connector,
                    .files = world.files,
                    .rng = world.rng,
                    .input_fds = inputs,
                    .workload = {.manifest = &parsed.manifest,
                                 .seccomp = filter,
                                 .hangup_fd = kDeviceFd,
                                 .door_fd = kDoorFd},
                    .output = &output,
                    .deadline = &deadline});
}

}  // namespace

UnixTime SystemClock::now() const { return {.seconds = ::time(nullptr)}; }

int agent_main(const AgentWorld& world) {
  OutputWriter output(kOutputFd);
  const auto report = work(world, output);
  if (report) return report->ending == Ending::kDone ? 0 : 1;
  RunReport failed{.ending = Ending::kInternal};
  failed.detail = report.error().what();
  return output.report(failed) ? 1 : 2;
}

}  // namespace ward::keep
