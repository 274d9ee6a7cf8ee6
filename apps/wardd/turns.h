#pragma once

#include <algorithm>
#include <string>
#include <vector>

namespace ward::wardd {

// in_turn puts what stands behind `last` in the names' order first: who came last waits until all
// others have come.
[[nodiscard]] inline std::vector<std::string> in_turn(std::vector<std::string> names,
                                                      const std::string& last) {
  std::sort(names.begin(), names.end());
  std::rotate(names.begin(), std::upper_bound(names.begin(), names.end(), last), names.end());
  return names;
}

}  // namespace ward::wardd
