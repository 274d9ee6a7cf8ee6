#include "attest/platform.h"

#include <algorithm>
#include <limits>

namespace ward::attest {

Window window_at(std::span<const UnixTime> changes, UnixTime now) {
  Window out{{std::numeric_limits<std::int64_t>::min()},
             {std::numeric_limits<std::int64_t>::max()}};
  for (const UnixTime change : changes) {
    if (change <= now) {
      out.from = std::max(out.from, change);
    } else {
      out.until = std::min(out.until, UnixTime{change.seconds - 1});
    }
  }
  return out;
}

}  // namespace ward::attest
