#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <string_view>

#include "keep/launcher.h"

namespace ward::keep {

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
  what += std::strerror(number);
  return {.code = errno_code(number), .what = std::move(what)};
}

[[nodiscard]] inline Failure library_failure(std::string what, const Error& error) {
  what += ": ";
  what += error.what();
  return {.code = error.code(), .what = std::move(what)};
}

}  // namespace ward::keep
