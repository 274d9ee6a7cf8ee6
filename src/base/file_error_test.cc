#include "base/file_error.h"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>

namespace ward {
namespace {

struct Case {
  int number;
  const char* what;
  bool has_value;
};

TEST(FileError, is_unavailable_and_in_words) {
  constexpr Case kCases[] = {{ENOENT, "no such file", false},
                             {ENOTDIR, "no such file", false},
                             {EACCES, "this user may not read it", false},
                             {EISDIR, "is a folder, not a file", false},
                             {ENXIO, "is not a regular file", false},
                             {EIO, "cannot be read: errno", true}};
  for (const Case& c : kCases) {
    const Error error = file_error(c.number);
    EXPECT_EQ(error.code(), Errc::kUnavailable) << c.number;
    EXPECT_EQ(std::string(error.what()), c.what);
    EXPECT_EQ(error.value().has_value(), c.has_value) << c.number;
  }
}

}  // namespace
}  // namespace ward
