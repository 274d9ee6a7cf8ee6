#pragma once

#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "base/result.h"

namespace ward::keep {

// Failure says what could not be done, and where: paths and numbers of the system, or words of the
// platform's own, no content.
struct Failure {
  Errc code = Errc::kInternal;
  std::string what;  // "file /usr/bin/python3: no such file (source usr/bin/python3)"

  friend bool operator==(const Failure&, const Failure&) = default;
};

// errno_code sorts the system's error numbers into ours.
[[nodiscard]] inline Errc errno_code(int number) {
  switch (number) {
    case EACCES:
    case EPERM:
    case EROFS:
    case EXDEV:
    case ELOOP:
      return Errc::kDenied;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EFBIG:
      return Errc::kLimit;
    default:
      return Errc::kUnavailable;
  }
}

// system_failure is "WHAT: text of errno".
[[nodiscard]] inline Failure system_failure(std::string what, int number) {
  what += ": ";
  what += std::generic_category().message(number);
  return {.code = errno_code(number), .what = std::move(what)};
}

[[nodiscard]] inline Failure library_failure(std::string what, const Error& error) {
  what += ": ";
  what += error.what();
  return {.code = error.code(), .what = std::move(what)};
}

}  // namespace ward::keep
