#pragma once

#include <cstddef>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/digest.h"

// What Keystone measures, computed from files without a machine that runs it. RV64.
namespace ward::keystone {

// What Keystone's boot ROM measures unless it was built for another size (bootrom/bootloader.c,
// sanctum_sm_size).
inline constexpr std::size_t kMonitorSize = 0x1ff000;

inline constexpr std::size_t kMaxMonitorSize = 1U << 26U;  // of our own
inline constexpr std::size_t kMaxFileSize = 1U << 26U;     // of our own

// measure_monitor is the hash of the security monitor as the boot ROM finds it at the begin of RAM:
// the first `size` octets of the image (fw_payload.bin), with zeros behind a shorter one.
// kMalformed for an empty image or no size, kLimit for a size above kMaxMonitorSize.
[[nodiscard]] Result<crypto::Sha512Digest> measure_monitor(Bytes image,
                                                           std::size_t size = kMonitorSize);

// EnclaveFiles are the files that an enclave is made of, borrowed.
struct EnclaveFiles {
  Bytes loader;
  Bytes runtime;  // Eyrie
  Bytes eapp;
};

// measure_enclave is the hash of an enclave (sm/src/attest.c, sdk Enclave::measure): the sizes of
// the three files in whole pages, 8 octets each, and the files, each filled up to pages with zeros.
// kMalformed for an empty file, kLimit for one above kMaxFileSize.
[[nodiscard]] Result<crypto::Sha512Digest> measure_enclave(const EnclaveFiles& files);

}  // namespace ward::keystone
