#include <cstdint>

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

}  // namespace

int main(int argc, char** argv) {
  const auto paths = ward::bench::hot_paths();
  for (const auto& path : paths) {
    benchmark::RegisterBenchmark(path.name.c_str(),
                                 [&path](benchmark::State& state) { run(state, path); });
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
