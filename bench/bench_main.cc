#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/hot_paths.h"

namespace {

void run(benchmark::State& state, const ward::bench::HotPath& path) {
  for (auto _ : state) {
    if (!path.run()) {
      state.SkipWithError("the path did not do its work");
      break;
    }
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(path.bytes));
}

// Shows the runs as usual and keeps the least processor time of each, in nanoseconds.
class Reporter : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& one : runs) {
      if (one.run_type == Run::RT_Iteration && one.iterations > 0) {
        const double ns = one.cpu_accumulated_time / static_cast<double>(one.iterations) * 1e9;
        const auto known = time_ns.emplace(one.run_name.function_name, ns).first;
        known->second = std::min(known->second, ns);
      }
    }
    ConsoleReporter::ReportRuns(runs);
  }

  std::map<std::string, double> time_ns;
};

// Ratios hold on any machine, because both sides were timed in this run.
void print_ratios(const std::vector<ward::bench::HotPath>& paths,
                  const std::map<std::string, double>& time_ns) {
  for (const auto& path : paths) {
    const auto mine = time_ns.find(path.name);
    const auto floor = time_ns.find(path.floor);
    if (mine == time_ns.end() || floor == time_ns.end()) continue;
    std::printf("ratio %s = %.2f x (%u x %s)\n", path.name.c_str(),
                mine->second / (floor->second * path.floor_runs), path.floor_runs,
                path.floor.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto paths = ward::bench::hot_paths();
  for (const auto& path : paths) {
    benchmark::RegisterBenchmark(path.name.c_str(),
                                 [&path](benchmark::State& state) { run(state, path); });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  Reporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  print_ratios(paths, reporter.time_ns);
  benchmark::Shutdown();
  return 0;
}
