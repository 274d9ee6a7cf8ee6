// ward_rcar is the client of bench/service.py: it asks a running wardd and says how long that took.
//
//   ward_rcar DEVICE URL SERVER_KEY RESOURCE PID
//
// A line on stdin, one line as the answer:
//
//   facts                       what the policies must name, as JSON
//   load TEE N COUNT INTERVAL   COUNT handshakes by N clients, one every INTERVAL nanoseconds (0:
//   as
//                               fast as they can): "ok WALL SERVICE CLIENT LATENCY...", nanoseconds
//                               on the wall, of the processor in PID and in this process, and of
//                               each handshake
//   bare TEE COUNT              "ok CPU": nanoseconds of COUNT handshakes' bare cryptography
//   base TEE                    "ok LABEL": what that is
//   visit COUNT                 COUNT connections with three requests that do nothing, one by one:
//                               "ok SERVICE", nanoseconds of the processor in PID
//   open N                      N sessions are begun, and kept until the next `open`: "ok N"
//
// "error TEXT" where a handshake fails.
#include <atomic>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "bench/rcar.h"
#include "codec/json_write.h"
#include "tee/soft/attester/device_dir.h"

namespace ward::bench {
namespace {

constexpr const char* kTees[] = {"sgx", "tdx", "snp"};
constexpr std::size_t kMostClients = 256;
constexpr std::size_t kMostHandshakes = 1'000'000;
// Octets of one handshake's requests and replies, of about that size for each TEE.
constexpr std::size_t kTraffic = 16'000;

std::int64_t clock_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

std::string error_line(const Error& error) { return std::string("error ") + error.what(); }

// Load is one run of many handshakes.
struct Load {
  std::string tee;
  std::size_t clients = 0;
  std::size_t count = 0;
  std::int64_t interval_ns = 0;
};

class Client {
 public:
  Client(const soft::Platform& platform, Target target, clockid_t service)
      : platform_(platform), target_(std::move(target)), service_(service) {}

  std::string answer(const std::string& line) {
    std::istringstream in(line);
    std::string command;
    in >> command;
    if (command == "facts") return facts();
    if (command == "open") {
      std::size_t number = 0;
      in >> number;
      return open(number);
    }
    if (command == "visit") {
      std::size_t number = 0;
      in >> number;
      return visit(number);
    }
    Load load;
    in >> load.tee;
    if (command == "base") return "ok " + handshake_base(load.tee, kTraffic).label;
    if (command == "bare") {
      in >> load.count;
      return bare(load);
    }
    if (command != "load") return "error unknown command " + command;
    in >> load.clients >> load.count >> load.interval_ns;
    return run(load);
  }

 private:
  std::string facts() {
    codec::JsonWriter w;
    w.begin_object().member("workload", to_hex(attester_workload())).name("runtimes").begin_array();
    for (const char* tee : kTees) {
      const auto attester = Attester::make(platform_, tee, target_);
      if (!attester) return error_line(attester.error());
      w.string(to_hex((*attester)->launch_measurement()));
    }
    return *w.end_array().end_object().take();
  }

  std::string open(std::size_t number) {
    open_.clear();
    for (std::size_t i = 0; i < number; ++i) {
      const auto attester = Attester::make(platform_, kTees[0], target_);
      if (!attester) return error_line(attester.error());
      auto session = (*attester)->begin();
      if (!session) return error_line(session.error());
      open_.push_back(*std::move(session));
    }
    return "ok " + std::to_string(open_.size());
  }

  std::string visit(std::size_t number) {
    const auto attester = Attester::make(platform_, kTees[0], target_);
    if (!attester) return error_line(attester.error());
    const std::int64_t service = clock_ns(service_);
    for (std::size_t i = 0; i < number; ++i) {
      if (const auto done = (*attester)->visit(); !done) return error_line(done.error());
    }
    return "ok " + std::to_string(clock_ns(service_) - service);
  }

  std::string bare(const Load& load) {
    if (!bases_.contains(load.tee)) bases_[load.tee] = handshake_base(load.tee, kTraffic);
    const Base& base = bases_[load.tee];
    bool good = base.run();
    const std::int64_t from = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (std::size_t i = 0; i < load.count; ++i) {
      good = base.run() && good;
    }
    const std::int64_t taken = clock_ns(CLOCK_THREAD_CPUTIME_ID) - from;
    return good ? "ok " + std::to_string(taken) : "error the cryptography did not do its work";
  }

  std::string run(const Load& load) {
    if (load.clients == 0 || load.clients > kMostClients || load.count > kMostHandshakes) {
      return "error 1 to 256 clients, at most 1000000 handshakes";
    }
    std::vector<std::unique_ptr<Attester>> attesters;
    for (std::size_t i = 0; i < load.clients; ++i) {
      auto attester = Attester::make(platform_, load.tee, target_);
      if (!attester) return error_line(attester.error());
      attesters.push_back(*std::move(attester));
    }
    std::vector<std::int64_t> latencies(load.count);
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::optional<Error> failed;
    const std::int64_t service = clock_ns(service_);
    const std::int64_t client = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    const std::int64_t from = now_ns();
    const auto work = [&](Attester& attester) {
      for (std::size_t i = next++; i < load.count; i = next++) {
        const auto step = static_cast<std::int64_t>(i) * load.interval_ns;
        const auto took = attester.handshake(load.interval_ns == 0 ? now_ns() : from + step);
        if (took) {
          latencies[i] = *took;
          continue;
        }
        next = load.count;
        const std::lock_guard<std::mutex> lock(mutex);
        failed = took.error();
      }
    };
    {
      std::vector<std::jthread> threads;
      for (const auto& attester : attesters) {
        threads.emplace_back([&work, &attester] { work(*attester); });
      }
    }
    if (failed) return error_line(*failed);
    std::string out = "ok " + std::to_string(now_ns() - from) + " " +
                      std::to_string(clock_ns(service_) - service) + " " +
                      std::to_string(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - client);
    for (const std::int64_t latency : latencies) {
      out += " " + std::to_string(latency);
    }
    return out;
  }

  const soft::Platform& platform_;
  const Target target_;
  clockid_t service_;
  std::map<std::string, Base> bases_;
  std::vector<std::unique_ptr<protocol::Exchange>> open_;
};

int fail(const std::string& what) {
  (void)std::fprintf(stderr, "ward_rcar: error: %s\n", what.c_str());
  return 2;
}

int serve(const std::vector<std::string>& words) {
  if (words.size() != 5) return fail("DEVICE URL SERVER_KEY RESOURCE PID");
  auto platform = soft::open_platform(words[0]);
  if (!platform) return fail(platform.error());
  const auto url = net::parse_https_url(words[1]);
  const auto pin = from_hex(words[2]);
  if (!url || !pin || pin->size() != crypto::Sha256Digest{}.size()) return fail("URL, SERVER_KEY");
  net::SpkiPin trust;
  std::copy(pin->begin(), pin->end(), trust.sha256.begin());
  auto context = net::client_context(trust, {std::time(nullptr)});
  if (!context) return fail(context.error().what());
  clockid_t service = 0;
  if (clock_getcpuclockid(std::atoi(words[4].c_str()), &service) != 0) return fail("PID");
  Client client(**platform, {.url = *url, .context = *std::move(context), .resource = words[3]},
                service);
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << client.answer(line) << std::endl;
  }
  return 0;
}

}  // namespace
}  // namespace ward::bench

int main(int argc, char** argv) { return ward::bench::serve({argv + 1, argv + argc}); }
