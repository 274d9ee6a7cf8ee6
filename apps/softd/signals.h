#pragma once

#include <initializer_list>

#include "base/result.h"
#include "keep/fd.h"
#include "keep/launcher.h"

namespace ward::softd {

// blocked_signals turns signals into a descriptor that is readable when one has come.
[[nodiscard]] Result<keep::UniqueFd, keep::Failure> blocked_signals(
    std::initializer_list<int> numbers);

// unblock_signals lets every signal through again.
void unblock_signals();

}  // namespace ward::softd
