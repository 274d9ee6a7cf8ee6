#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "attest/demands.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/printable.h"
#include "base/result.h"

namespace ward::args {
class Command;
}  // namespace ward::args

namespace ward::cli {

// Exit codes (docs/cli.md): a failed check beats a missing one.
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
// `code`. The first one of a run is what finish() tells in JSON.
int fail(int code, std::string_view what, std::string_view hint = {});

// print writes to stdout. All that a command says there goes through it: so finish() knows whether
// something was said. kAccepted, or what fail() returned where it cannot be written.
[[nodiscard]] int print(std::string_view text);

// finish ends a run that asked for JSON: where it failed before it printed anything, it prints one
// object, ward.error/1. Returns `code`.
int finish(int code, bool json);

// error_text is "tee.quote: size (432)", for fail().
std::string error_text(const Error& error);

// own_file_failure says what is wrong with a file of the caller's own that the command line names
// (policy, manifest, configuration, trust root, key, key set), and returns the exit code: 3 where
// it is absent or unreadable, 1 where others may read a private key, 2 where it is not what it
// should be.
int own_file_failure(const std::string& path, const Error& error, std::string_view hint = {});

// not_a_time refuses the value of an option that takes a time, and says how one is written.
int not_a_time(std::string_view option, std::string_view value);

// Usage is a mistake on the command line: what is wrong and what to do.
using Usage = attest::Mistake;

// hex_value reads the value of `option`: exactly `octets` octets in hex, or any number but none
// where that is 0. `whose` says what has that size: "the report data of sgx".
[[nodiscard]] Result<Buffer, Usage> hex_value(std::string_view option, std::string_view text,
                                              std::size_t octets, std::string_view whose);

}  // namespace ward::cli
