#pragma once

#include <string>

namespace ward::test {

// setting returns the environment variable `name`, or `otherwise` where it is not set: how ./run
// soak asks a test for more than it does by itself.
std::string setting(const char* name, const std::string& otherwise);

}  // namespace ward::test
