#pragma once

#include <string>
#include <vector>

namespace ward::test {

// synced lists what this process has given to fsync(2) since the last call, in order, by the paths
// that the descriptors had then. Programs that call it have an fsync of their own that keeps count.
[[nodiscard]] std::vector<std::string> synced();

}  // namespace ward::test
