#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::dcap {

// PckExtensions is the SGX extension of a PCK certificate, OID 1.2.840.113741.1.13.1 (Intel SGX PCK
// Certificate and CRL Profile Specification 1.3.5).
struct PckExtensions {
  std::array<std::uint8_t, 16> ppid{};
  std::array<std::uint8_t, 16> tcb_components{};  // SGX TCB Comp01..16 SVN
  std::uint16_t pce_svn = 0;
  std::array<std::uint8_t, 16> cpu_svn{};
  std::array<std::uint8_t, 2> pce_id{};
  std::array<std::uint8_t, 6> fmspc{};
  std::uint8_t sgx_type = 0;  // 0 standard, 1 scalable, 2 scalable with integrity
  std::optional<std::array<std::uint8_t, 16>> platform_instance_id;  // platform CA only
  std::optional<bool> dynamic_platform;
  std::optional<bool> cached_keys;
  std::optional<bool> smt_enabled;
};

// The OID's contents octets.
[[nodiscard]] Bytes pck_extension_oid();

// parse_pck_extensions reads the extension's value. Unknown elements are ignored, as the profile
// demands; a known one twice, missing or of another form is kMalformed.
[[nodiscard]] Result<PckExtensions> parse_pck_extensions(Bytes value);

// write_pck_extensions is its inverse (for the development platform and tests).
[[nodiscard]] Buffer write_pck_extensions(const PckExtensions& extensions);

}  // namespace ward::dcap
