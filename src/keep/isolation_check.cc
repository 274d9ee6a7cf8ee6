#include "keep/isolation_check.h"

#include <algorithm>
#include <array>

namespace ward::keep {
namespace {

struct Fence {
  std::string_view field;
  std::string_view value;
};

constexpr std::array<Fence, 8> kFences = {{{"Pid", "1"},
                                           {"CapInh", "0000000000000000"},
                                           {"CapPrm", "0000000000000000"},
                                           {"CapEff", "0000000000000000"},
                                           {"CapBnd", "0000000000000000"},
                                           {"CapAmb", "0000000000000000"},
                                           {"NoNewPrivs", "1"},
                                           {"Seccomp", "2"}}};

// value_of is what stands behind `field:` and a tab at the beginning of a line.
std::string_view value_of(std::string_view status, std::string_view field) {
  while (!status.empty()) {
    const std::size_t end = std::min(status.find('\n'), status.size());
    std::string_view line = status.substr(0, end);
    status.remove_prefix(std::min(end + 1, status.size()));
    if (!line.starts_with(field)) continue;
    line.remove_prefix(field.size());
    if (line.starts_with(":\t")) return line.substr(2);
  }
  return "absent";
}

}  // namespace

std::string missing_isolation(std::string_view status) {
  for (const Fence& fence : kFences) {
    const std::string_view found = value_of(status, fence.field);
    if (found == fence.value) continue;
    std::string out(fence.field);
    out += " is ";
    out += found;
    return out;
  }
  return {};
}

}  // namespace ward::keep
