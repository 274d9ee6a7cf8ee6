#pragma once

#include <functional>
#include <string_view>

#include "base/diag.h"
#include "base/result.h"

namespace ward::args {
class Command;
}  // namespace ward::args

namespace ward::cli {

// Exit codes (docs/DESIGN.md): a failed check beats a missing one.
inline constexpr int kAccepted = 0;
inline constexpr int kRefused = 1;
inline constexpr int kUsage = 2;
inline constexpr int kCouldNotTell = 3;

// What the chosen command does; set by its CLI callback, called once by main after parsing.
using Action = std::function<int()>;

// Each command registers its options below `app` and sets `action` when it is chosen. Options live
// as long as the App: keep them in a shared_ptr captured by the callback.
using Register = void (*)(args::Command& app, Action& action);

// fail writes `ward: error: WHAT` and, where given, `ward: hint: HINT` to stderr, and returns
// `code`.
int fail(int code, std::string_view what, std::string_view hint = {});

// error_text is "tee.quote: size (432)", for fail().
std::string error_text(const Error& error);

}  // namespace ward::cli
