#pragma once

#include <array>
#include <cstdint>
#include <iterator>

#include "crypto/rng.h"

namespace ward::differential {

// Dice draws small numbers from a seed: the same seed makes the same case for ever.
class Dice {
 public:
  explicit Dice(Bytes seed) : rng_(seed) {}

  [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
    std::array<std::uint8_t, 4> octets{};
    rng_.fill(octets);
    std::uint32_t value = 0;
    for (const std::uint8_t o : octets) {
      value = value << 8U | o;
    }
    return value % limit;
  }

  [[nodiscard]] bool one_in(std::uint32_t n) { return below(n) == 0; }

  [[nodiscard]] std::uint8_t octet() { return static_cast<std::uint8_t>(below(256)); }

  template <class List>
  [[nodiscard]] const auto& pick(const List& from) {
    return std::begin(from)[below(static_cast<std::uint32_t>(std::size(from)))];
  }

  // near draws a number close to `value`: most TCB decisions turn on a difference of one.
  template <class T>
  [[nodiscard]] T near(T value) {
    switch (below(5)) {
      case 0:
        return static_cast<T>(value + 1);
      case 1:
        return static_cast<T>(value == 0 ? 0 : value - 1);
      case 2:
        return static_cast<T>(below(256));
      default:
        return value;
    }
  }

 private:
  crypto::SeededRng rng_;
};

}  // namespace ward::differential
