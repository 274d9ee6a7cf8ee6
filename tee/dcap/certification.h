#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/reader.h"
#include "tee/dcap/report_body.h"

namespace ward::dcap {

// Types of QE certification data (Intel SGX ECDSA Quote Library Reference, A.4, table "QE
// Certification Data").
namespace certification {
inline constexpr std::uint16_t kPpidPlain = 1;
inline constexpr std::uint16_t kPpidRsa2048 = 2;
inline constexpr std::uint16_t kPpidRsa3072 = 3;
inline constexpr std::uint16_t kPckLeaf = 4;
inline constexpr std::uint16_t kPckChain = 5;
inline constexpr std::uint16_t kQeReport = 6;
inline constexpr std::uint16_t kPlatformManifest = 7;
}  // namespace certification

inline constexpr std::size_t kSignatureSize = 64;  // r || s
inline constexpr std::size_t kKeySize = 64;        // x || y
inline constexpr std::size_t kMaxAuthData = 1024;  // Intel's quoting enclave writes 32
inline constexpr std::size_t kMaxCertificationData = 64U << 10U;

inline constexpr std::array<std::uint8_t, kReportBodySize> kNoReport{};

// QeEvidence is how the quoting enclave vouches for the attestation key: its report, the PCK's
// signature over it, the authentication data that the report binds, and the certification data.
// Views into the quote.
struct QeEvidence {
  ReportBody::Raw report{kNoReport};
  Bytes signature;
  Bytes auth_data;
  std::uint16_t certification_type = 0;
  Bytes certification_data;
};

// The places of its parts in the reader's buffer.
struct QeLayout {
  std::size_t outer_type =
      0;  // from version 4 on: type and size of the certification data (6) around it
  std::size_t report = 0;
  std::size_t signature = 0;
  std::size_t auth_data_size = 0;
  std::size_t auth_data = 0;
  std::size_t certification_type = 0;
  std::size_t certification_size = 0;
  std::size_t certification_data = 0;
};

// read_qe_evidence reads report, signature, auth data and certification data; false where a length
// exceeds its limit or the buffer, and then the reader is unusable.
[[nodiscard]] bool read_qe_evidence(Reader& in, QeEvidence& out, QeLayout& layout);

}  // namespace ward::dcap
