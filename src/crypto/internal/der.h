#pragma once

#include <cstdint>

#include "base/bytes.h"

// The few lines of DER (X.690) that keys and signatures need; crypto stands below codec.
namespace ward::crypto::der {

inline constexpr std::uint8_t kInteger = 0x02;
inline constexpr std::uint8_t kBitString = 0x03;
inline constexpr std::uint8_t kOctetString = 0x04;
inline constexpr std::uint8_t kNull = 0x05;
inline constexpr std::uint8_t kOid = 0x06;
inline constexpr std::uint8_t kSequence = 0x30;

// take consumes one element with this identifier octet: definite, minimal length (section 10.1).
// False, and nothing consumed, for anything else.
[[nodiscard]] bool take(Bytes& in, std::uint8_t identifier, Bytes& contents);

// take_positive consumes an INTEGER above zero in its minimal form and gives its magnitude.
[[nodiscard]] bool take_positive(Bytes& in, Bytes& magnitude);

void put(Buffer& out, std::uint8_t identifier, Bytes contents);

// put_unsigned writes a big-endian magnitude; leading zeros are dropped.
void put_unsigned(Buffer& out, Bytes magnitude);

[[nodiscard]] Bytes without_leading_zeros(Bytes magnitude);

}  // namespace ward::crypto::der
