#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ward::bench {

// HotPath is one piece of work that a verification or a release does often, on fixed input.
struct HotPath {
  std::string name;           // "json.parse"
  std::size_t bytes = 0;      // of input per run
  std::function<bool()> run;  // one run; false where it did not do its work
  std::string floor;        // the path that it is compared with: what it cannot be faster than, or
                            // what it replaces; empty where there is none
  unsigned floor_runs = 1;  // how many times it does that path's work
};

// hot_paths lists them all. The inputs are made by this program and the same on every machine, so
// that instruction counts can be compared (tools/callgrind.py).
std::vector<HotPath> hot_paths();

// sgx_verify is the whole appraisal of an SGX quote with nothing verified before (verify.cc).
HotPath sgx_verify();

}  // namespace ward::bench
