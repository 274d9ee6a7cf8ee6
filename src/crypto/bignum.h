#pragma once

#include <optional>

#include "base/bytes.h"

namespace ward::crypto {

// Quotient holds big-endian magnitudes without leading zeros (zero is empty).
struct Quotient {
  Buffer quotient;
  Buffer remainder;
};

// mul_div divides a * b by n: public numbers, big-endian, such as Q1 and Q2 of an SGX SIGSTRUCT.
// nullopt where n is zero or an operand is longer than 1024 octets.
[[nodiscard]] std::optional<Quotient> mul_div(Bytes a, Bytes b, Bytes n);

}  // namespace ward::crypto
