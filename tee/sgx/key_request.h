#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/result.h"

// What EGETKEY takes (Intel SDM volume 3D, 38.18 KEYREQUEST).
namespace ward::sgx {

inline constexpr std::size_t kKeyRequestSize = 512;

namespace key_request {
using KeyName = Field<0, 2>;
using KeyPolicy = Field<2, 2>;
using IsvSvn = Field<4, 2>;
using CetAttributesMask = Field<6, 1>;
using Reserved1 = Field<7, 1>;
using CpuSvn = Field<8, 16>;
using AttributeMask = Field<24, 16>;
using KeyId = Field<40, 32>;
using MiscMask = Field<72, 4>;
using ConfigSvn = Field<76, 2>;
using Reserved2 = Field<78, 434>;
static_assert(covers<KeyName, KeyPolicy, IsvSvn, CetAttributesMask, Reserved1, CpuSvn,
                     AttributeMask, KeyId, MiscMask, ConfigSvn, Reserved2>(kKeyRequestSize));
}  // namespace key_request

// KEYNAME.
namespace key_name {
inline constexpr std::uint16_t kEinitToken = 0;
inline constexpr std::uint16_t kProvision = 1;
inline constexpr std::uint16_t kProvisionSeal = 2;
inline constexpr std::uint16_t kReport = 3;
inline constexpr std::uint16_t kSeal = 4;
}  // namespace key_name

// KEYPOLICY.
namespace key_policy {
inline constexpr std::uint16_t kMrEnclave = 1U << 0U;
inline constexpr std::uint16_t kMrSigner = 1U << 1U;
inline constexpr std::uint16_t kNoIsvProdId = 1U << 2U;  // this and what follows: KSS
inline constexpr std::uint16_t kConfigId = 1U << 3U;
inline constexpr std::uint16_t kIsvFamilyId = 1U << 4U;
inline constexpr std::uint16_t kIsvExtProdId = 1U << 5U;
inline constexpr std::uint16_t kKnown = (1U << 6U) - 1;
}  // namespace key_policy

// KeyRequest names a key.
struct KeyRequest {
  std::uint16_t key_name = key_name::kSeal;
  std::uint16_t key_policy = key_policy::kMrEnclave;
  std::uint16_t isv_svn = 0;
  std::uint8_t cet_attributes_mask = 0;
  std::array<std::uint8_t, 16> cpu_svn{};
  std::array<std::uint8_t, 16> attribute_mask{};
  std::array<std::uint8_t, 32> key_id{};
  std::array<std::uint8_t, 4> misc_mask{};
  std::uint16_t config_svn = 0;
};

// parse_key_request reads one of exactly kKeyRequestSize octets. kTruncated, kMalformed: another
// size, or what is reserved (KEYPOLICY's bits too) is not zero.
[[nodiscard]] Result<KeyRequest> parse_key_request(Bytes in);

// write_key_request is its inverse.
[[nodiscard]] Buffer write_key_request(const KeyRequest& request);

}  // namespace ward::sgx
