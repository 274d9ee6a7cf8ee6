#include "test/support/setting.h"

#include <cstdlib>

namespace ward::test {

std::string setting(const char* name, const std::string& otherwise) {
  // Tests set no environment while others run, so getenv is safe here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

}  // namespace ward::test
