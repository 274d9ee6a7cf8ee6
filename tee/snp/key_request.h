#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"

// What a guest asks a key with: the payload of MSG_KEY_REQ, message version 1 (AMD 56860, Key
// Derivation; Linux struct snp_derived_key_req).
namespace ward::snp {

inline constexpr std::size_t kKeyRequestSize = 32;

namespace key_request {
using KeySelect = Field<0, 4>;  // bit 0 ROOT_KEY_SELECT, bits 2:1 KEY_SEL
using Reserved = Field<4, 4>;
using GuestFieldSelect = Field<8, 8>;
using Vmpl = Field<16, 4>;
using GuestSvn = Field<20, 4>;
using TcbVersion = Field<24, 8>;
static_assert(
    covers<KeySelect, Reserved, GuestFieldSelect, Vmpl, GuestSvn, TcbVersion>(kKeyRequestSize));
}  // namespace key_request

// GUEST_FIELD_SELECT: what the key is bound to, beside what it always is. Bit numbers.
namespace guest_field {
inline constexpr unsigned kGuestPolicy = 0;
inline constexpr unsigned kImageId = 1;
inline constexpr unsigned kFamilyId = 2;
inline constexpr unsigned kMeasurement = 3;
inline constexpr unsigned kGuestSvn = 4;
inline constexpr unsigned kTcbVersion = 5;
inline constexpr std::uint64_t kKnown = (1U << 6U) - 1;
}  // namespace guest_field

// RootKey is what a key derives from. kDefault: the VLEK where one is loaded, else the VCEK.
enum class RootKey : std::uint8_t { kDefault = 0, kVmrk = 1, kVcek = 2, kVlek = 4 };

// KeyRequest names a key.
struct KeyRequest {
  RootKey root_key = RootKey::kDefault;
  std::uint64_t guest_field_select = 0;
  std::uint32_t vmpl = 0;
  std::uint32_t guest_svn = 0;
  std::array<std::uint8_t, 8> tcb_version{};
};

// parse_key_request reads one of exactly kKeyRequestSize octets. kTruncated; kMalformed: longer,
// reserved octets or bits that are not zero, or KEY_SEL beside the VMRK.
[[nodiscard]] Result<KeyRequest> parse_key_request(Bytes in);

// write_key_request is its inverse.
[[nodiscard]] Buffer write_key_request(const KeyRequest& request);

}  // namespace ward::snp
