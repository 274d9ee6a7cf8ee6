// ward_bench is one contestant of bench/compare.py: it lives through all rounds and runs what it is
// asked for on stdin, a line each, and answers with one line:
//
//   about                      compiler and libraries, as JSON
//   list                       every path, as JSON
//   run NAME COUNT             "ok CPU WALL": nanoseconds that COUNT runs took, of this thread and
//   of
//                              the clock on the wall; NAME is a path or the name of a path's base
//   threads NAME N COUNT       the same for COUNT runs in each of N threads; CPU is the process's
//   memory NAME                "ok CALLS OCTETS PEAK": what one run allocates
//   many COUNT                 "ok FIRST KNOWN FOUND COUNTED ALLOCATED": COUNT platforms that are
//                              remembered, times in nanoseconds a platform and octets a platform
//   case TEE                   the development platform "sgx", "tdx" or "snp" as other verifiers
//   read it:
//                              JSON, as test/differential has it
//   load NAME SECONDS FOLDER   evidence of real hardware becomes the path NAME, judged as of
//   SECONDS:
//                              the path as JSON
//
// "error TEXT" where a name is unknown or a path did not do its work.
#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <iostream>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "base/bytes.h"
#include "bench/allocations.h"
#include "bench/bare.h"
#include "bench/channel.h"
#include "bench/hot_paths.h"
#include "bench/many.h"
#include "bench/platform.h"
#include "codec/json_write.h"

namespace ward::bench {
namespace {

#ifdef __clang__
constexpr const char* kCompiler = __VERSION__;
#else
constexpr const char* kCompiler = "g++ " __VERSION__;
#endif

std::int64_t now_ns(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

// Timer gives "ok CPU WALL" of what happens between its making and the call.
class Timer {
 public:
  explicit Timer(clockid_t cpu)
      : cpu_(cpu), cpu_from_(now_ns(cpu)), wall_from_(now_ns(CLOCK_MONOTONIC)) {}

  [[nodiscard]] std::string answer() const {
    const std::int64_t cpu = now_ns(cpu_) - cpu_from_;
    const std::int64_t wall = now_ns(CLOCK_MONOTONIC) - wall_from_;
    return "ok " + std::to_string(cpu) + " " + std::to_string(wall);
  }

 private:
  clockid_t cpu_;
  std::int64_t cpu_from_;
  std::int64_t wall_from_;
};

std::string describe(const HotPath& path) {
  codec::JsonWriter out;
  out.begin_object().member("name", path.name).member("area", path.area);
  out.name("bytes").unsigned_integer(path.bytes);
  out.member("base", path.base.name).member("base_label", path.base.label);
  out.name("batch").boolean(static_cast<bool>(path.batch));
  return *out.end_object().take();
}

std::string about() {
  codec::JsonWriter out;
  out.begin_object().member("compiler", kCompiler);
  out.name("libraries").begin_array();
  for (const std::string& library : bare_libraries()) {
    out.string(library);
  }
  return *out.end_array().end_object().take();
}

class Server {
 public:
  Server() {
    for (const auto& makers : {hot_paths(), informative_paths()}) {
      for (const PathMaker& maker : makers) {
        add(maker.make());
      }
    }
    for (auto paths : {tee_paths(), channel_paths()}) {
      for (HotPath& path : paths)
        add(std::move(path));
    }
  }

  std::string answer(const std::string& line) {
    std::istringstream in(line);
    std::string command;
    std::string name;
    in >> command;
    if (command == "about") return about();
    if (command == "list") return list();
    in >> name;
    if (command == "case") return peer_case(name);
    if (command == "many") return many(name);
    if (command == "load") return load(name, in);
    if (batches_.contains(name)) return batch(batches_[name], in);
    const auto run = runs_.find(name);
    if (run == runs_.end()) return "error there is no path " + name;
    std::uint64_t first = 0;
    std::uint64_t second = 0;
    in >> first >> second;
    if (command == "run") return timed(run->second, first);
    if (command == "threads") return threads(run->second, first, second);
    if (command == "memory") return memory(run->second);
    return "error unknown command " + command;
  }

 private:
  using Run = std::function<bool()>;
  static constexpr unsigned kMostThreads = 1024;

  void add(HotPath path) {
    runs_[path.name] = path.run;
    if (!path.base.name.empty()) runs_[path.base.name] = path.base.run;
    if (path.batch) batches_[path.name + ".batch"] = path.batch;
    paths_.push_back(std::move(path));
  }

  [[nodiscard]] std::string list() const {
    std::string out;
    for (const HotPath& path : paths_) {
      out += (out.empty() ? "[" : ",") + describe(path);
    }
    return out + "]";
  }

  // The first run fills tables that libraries make lazily, and shows that the path does its work.
  static std::string timed(const Run& run, std::uint64_t count) {
    bool good = run();
    const Timer timer(CLOCK_THREAD_CPUTIME_ID);
    for (std::uint64_t i = 0; i < count; ++i) {
      good = run() && good;
    }
    const std::string out = timer.answer();
    return good ? out : "error the path did not do its work";
  }

  static std::string threads(const Run& run, std::uint64_t number, std::uint64_t count) {
    if (number == 0 || number > kMostThreads) return "error 1 to 1024 threads";
    std::atomic<bool> good = run();
    const Timer timer(CLOCK_PROCESS_CPUTIME_ID);
    {
      std::vector<std::jthread> all;
      for (std::uint64_t i = 0; i < number; ++i) {
        all.emplace_back([&] {
          for (std::uint64_t k = 0; k < count; ++k) {
            if (!run()) good = false;
          }
        });
      }
    }
    const std::string out = timer.answer();
    return good ? out : "error the path did not do its work";
  }

  // The same through the batch API, whose threads begin and end with it.
  static std::string batch(const std::function<bool(unsigned, std::size_t)>& run,
                           std::istream& in) {
    unsigned number = 0;
    std::size_t count = 0;
    in >> number >> count;
    if (number == 0 || number > kMostThreads) return "error 1 to 1024 threads";
    const Timer timer(CLOCK_PROCESS_CPUTIME_ID);
    const bool good = run(number, number * count);
    const std::string out = timer.answer();
    return good ? out : "error the path did not do its work";
  }

  static std::string memory(const Run& run) {
    if (!run()) return "error the path did not do its work";
    start_counting();
    const bool good = run();
    const Allocations a = stop_counting();
    if (!good) return "error the path did not do its work";
    return "ok " + std::to_string(a.calls) + " " + std::to_string(a.octets) + " " +
           std::to_string(a.peak);
  }

  static std::string many(const std::string& count) {
    constexpr std::size_t kMost = 10'000'000;
    std::size_t number = 0;
    const auto end = std::from_chars(count.data(), count.data() + count.size(), number);
    if (end.ec != std::errc() || number == 0 || number > kMost) {
      return "error 1 to 10000000 platforms";
    }
    const auto made = remember_many(number);
    if (!made) return std::string("error ") + made.error().what();
    return "ok " + std::to_string(made->first_ns) + " " + std::to_string(made->known_ns) + " " +
           std::to_string(made->found) + " " + std::to_string(made->counted) + " " +
           std::to_string(made->allocated);
  }

  static std::string peer_case(const std::string& tee) {
    if (tee == "sgx") return sgx_platform().peer_case;
    if (tee == "tdx") return tdx_platform().peer_case;
    return tee == "snp" ? snp_platform().peer_case : "error there is no platform " + tee;
  }

  std::string load(const std::string& name, std::istream& in) {
    std::int64_t seconds = 0;
    std::string folder;
    in >> seconds >> std::ws;
    std::getline(in, folder);
    auto platform = recorded_platform(folder, {seconds});
    if (!platform) return std::string("error ") + platform.error().what();
    auto path = cold_path(name, **platform);
    if (!path) return std::string("error ") + path.error().what();
    path->area = "peers";
    loaded_.push_back(*platform);
    std::string out = describe(*path);
    add(*std::move(path));
    return out;
  }

  std::map<std::string, std::function<bool(unsigned, std::size_t)>> batches_;
  std::vector<HotPath> paths_;
  std::map<std::string, Run> runs_;
  std::vector<std::shared_ptr<const Platform>> loaded_;  // which paths refer to
};

}  // namespace
}  // namespace ward::bench

int main() {
  ward::bench::count_openssl();
  ward::bench::Server server;
  std::string line;
  while (std::getline(std::cin, line)) {
    std::cout << server.answer(line) << std::endl;
  }
  return 0;
}
