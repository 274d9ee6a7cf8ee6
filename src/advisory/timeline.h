#pragma once

#include <string>

#include "advisory/select.h"

namespace ward::advisory {

// timeline_svg draws a selection as one SVG image: time from left to right, a lane for each TEE, a
// mark for each attack with its name beside it, its state by colour and form where a platform was
// judged. It needs nothing beside itself, follows the reader's light or dark theme, and says what
// it shows to screen readers. Attacks without a date are named below. `title` is what it shows;
// `tee`, where it is not empty, the TEE whose lanes alone are wanted.
[[nodiscard]] std::string timeline_svg(const Selection& selection, const std::string& title,
                                       const std::string& tee);

}  // namespace ward::advisory
