#include "apps/ward/tcb_statuses.h"

#include <algorithm>

#include "attest/demands.h"
#include "tee/all.h"

namespace ward::cli {

bool known_status(const std::string& status) {
  return std::ranges::count(attest::tcb_statuses(tee::all_schemes()), status) > 0;
}

std::string known_statuses() {
  std::string out;
  for (const std::string& status : attest::tcb_statuses(tee::all_schemes())) {
    out += (out.empty() ? "one of " : ", ") + status;
  }
  return out;
}

}  // namespace ward::cli
