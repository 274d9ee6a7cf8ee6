// Run by valgrind (see CMakeLists.txt): secrets are marked as undefined memory, so a branch or an
// address that depends on one is an error. With the argument "leak" it makes such a branch, which
// shows that the check can fail.

#include <array>
#include <cstdint>
#include <string_view>

#include <valgrind/memcheck.h>

#include "crypto/secret.h"

namespace {

template <class T>
void poison(T& object) {
  VALGRIND_MAKE_MEM_UNDEFINED(&object, sizeof object);
}

template <class T>
T declassified(T value) {
  VALGRIND_MAKE_MEM_DEFINED(&value, sizeof value);
  return value;
}

using Bytes32 = std::array<std::uint8_t, 32>;

bool equal_in_constant_time(const Bytes32& a, const Bytes32& b) {
  return declassified(ward::ct_equal(a, b));
}

bool equal_with_a_leak(const Bytes32& a, const Bytes32& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Bytes32 a{};
  Bytes32 b{};
  Bytes32 c{};
  c[31] = 1;
  poison(a);
  poison(b);
  poison(c);
  if (argc == 2 && std::string_view(argv[1]) == "leak") {
    return declassified(equal_with_a_leak(a, b)) ? 0 : 2;
  }
  return equal_in_constant_time(a, b) && !equal_in_constant_time(a, c) &&
                 !equal_in_constant_time(c, a)
             ? 0
             : 2;
}
