#pragma once

#include "base/result.h"

namespace ward {

// file_error is the Error for a file that could not be opened or read, by the system's `number`
// (errno): kUnavailable, in words ("no such file"); the number itself only where it has none here.
[[nodiscard]] Error file_error(int number);

}  // namespace ward
