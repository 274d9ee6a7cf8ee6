#pragma once

namespace ward::args {

// hold_standard_streams takes the places of standard streams that are closed, so that no file or
// socket of the program becomes one, and is written to as if it were. To read the input or write
// the output fails all the same; what is said on stderr is lost. Call it before anything else is
// opened. False where it cannot be done.
[[nodiscard]] bool hold_standard_streams();

}  // namespace ward::args
