#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>

namespace ward::bench {

// Base is what a path is compared with: work of another library that it cannot do without.
struct Base {
  std::string name;           // "bare.p256"; empty where there is none
  std::string label;          // for people: "1 x ECDSA P-256 (OpenSSL 3.0.17)"
  std::function<bool()> run;  // one run; false where it did not do its work
};

// HotPath is one piece of work that a verification or a release does often, on fixed input.
struct HotPath {
  std::string name;           // "json.parse"
  std::string area;           // the table that it stands in: "parsing"
  std::size_t bytes = 0;      // of input per run
  std::function<bool()> run;  // one run; false where it did not do its work
  Base base{};
  // So many runs as one batch in so many threads; empty where there is no batch of them.
  std::function<bool(unsigned threads, std::size_t runs)> batch{};
};

// PathMaker makes a path when it is asked for: inputs take long to make.
struct PathMaker {
  const char* name;
  HotPath (*make)();
};

// hot_paths lists ward's own. The inputs are made by this program and the same on every machine, so
// that instruction counts can be compared (tools/callgrind.py).
[[nodiscard]] std::span<const PathMaker> hot_paths();

// informative_paths are other libraries' work, timed beside ward's for comparison alone.
[[nodiscard]] std::span<const PathMaker> informative_paths();

}  // namespace ward::bench
