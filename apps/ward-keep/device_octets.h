#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"

// The octets that a keep's own client gives a processor: SGX structures (SDM volume 3D, chapter 38)
// and SEV-SNP's MSG_KEY_REQ (AMD 56860, table 19). Written here, never read: what comes of them is
// the processor's.
namespace ward::keep {

// A local report of SGX: its body and a MAC.
inline constexpr std::size_t kSgxReportSize = 432;
inline constexpr std::size_t kSgxTargetSize = 512;

// own_target is TARGETINFO of the enclave whose local report `report` is. nullopt for another size.
[[nodiscard]] std::optional<Buffer> own_target(Bytes report);

// is_signed: the report names a signer (MRSIGNER is not zero). False for another size.
[[nodiscard]] bool is_signed(Bytes report);

// KeyPolicy says whose a sealing key is. Both are the workload's alone (CONFIGID).
enum class KeyPolicy : std::uint8_t {
  kMeasurement,  // this very ward-keep
  kSigner,       // any ward-keep of the same signer, product and at least this SVN
};

// sgx_seal_request is KEYREQUEST for a sealing key of the enclave whose local report `report` is,
// at its CPUSVN, and at its ISVSVN or `svn`. nullopt for another size.
[[nodiscard]] std::optional<Buffer> sgx_seal_request(Bytes report, KeyPolicy policy,
                                                     std::optional<std::uint16_t> svn);

// snp_guest_svn is GUEST_SVN of an attestation report. nullopt for what is shorter than one.
[[nodiscard]] std::optional<std::uint32_t> snp_guest_svn(Bytes report);

// snp_seal_request is MSG_KEY_REQ for a key of VCEK or VLEK from measurement, guest policy and the
// guest's SVN.
[[nodiscard]] Buffer snp_seal_request(std::uint32_t svn);

}  // namespace ward::keep
