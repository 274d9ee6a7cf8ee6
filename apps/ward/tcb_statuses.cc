#include "apps/ward/tcb_statuses.h"

#include <algorithm>
#include <vector>

#include "tee/all.h"

namespace ward::cli {
namespace {

std::vector<std::string> all() {
  std::vector<std::string> out;
  for (const attest::Scheme* scheme : tee::all_schemes()) {
    for (const char* status : scheme->info().tcb_statuses)
      if (std::ranges::count(out, status) == 0) out.emplace_back(status);
  }
  return out;
}

}  // namespace

bool known_status(const std::string& status) { return std::ranges::count(all(), status) > 0; }

std::string known_statuses() {
  std::string out;
  for (const std::string& status : all())
    out += (out.empty() ? "one of " : ", ") + status;
  return out;
}

}  // namespace ward::cli
