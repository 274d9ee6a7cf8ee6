#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ward::keep {

// plain_swap lists the swap areas that would write memory to a disk in the clear. Areas on
// compressed memory (zram without a backing device) or on an encrypted mapping (dm-crypt, plain or
// LUKS) are not plain. Whether its key dies with the machine's run is not known: what was swapped
// to a mapping with a lasting key can be read later by whoever has that key. `proc_swaps` is
// /proc/swaps, `sys_block` /sys/block. An area that cannot be judged is plain; a proc_swaps that
// cannot be read counts as one area "unknown".
[[nodiscard]] std::vector<std::string> plain_swap(const std::filesystem::path& proc_swaps,
                                                  const std::filesystem::path& sys_block);

}  // namespace ward::keep
