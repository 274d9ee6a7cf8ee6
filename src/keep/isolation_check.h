#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ward::keep {

// missing_isolation reads the text of /proc/self/status and names the first fence that does not
// stand: a capability left, no_new_privs unset, no seccomp filter, another first process. Empty
// where all stand. The agent asks before it makes a key.
[[nodiscard]] std::string missing_isolation(std::string_view status);

}  // namespace ward::keep
