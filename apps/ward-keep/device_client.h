#pragma once

#include <span>

// ward-keep device: what a workload can ask of its device, for people and scripts. The program
// `/ward/keep` of a keep is this client when its first argument is "device", and never the agent.
namespace ward::keep {

// device_main does what `words` (behind "device") say and returns the exit code: 0 done, 1 refused,
// 2 usage, 3 no device. Octets, and keys, go to stdout; words for people to stderr.
[[nodiscard]] int device_main(std::span<char* const> words);

}  // namespace ward::keep
