#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "attest/scheme.h"
#include "base/bytes.h"

// The forms in which a quote travels. Form only: what stands in them is read by structures.h.
namespace ward::tpm {

// ward's container: the marker, TPM2B_ATTEST, the size and octets of a TPMT_SIGNATURE,
// TPM2B_PUBLIC, the number of PCR values, and each as TPM2B_DIGEST. Sizes and numbers are 16 bits,
// big-endian, as a TPM writes them.
inline constexpr std::string_view kMarker = "WARDTPM1";
inline constexpr std::size_t kMaxAttest = 1024;     // octets, above what a TPM can make
inline constexpr std::size_t kMaxSignature = 2048;  // octets
inline constexpr std::size_t kMaxPublic = 2048;     // octets
inline constexpr std::size_t kMaxPcrs = 512;        // values
inline constexpr std::size_t kMaxJsonBytes = 256U << 10U;

enum class Form : std::uint8_t {
  kOwn,      // the container; the AK is a TPMT_PUBLIC
  kTrustee,  // JSON {"ak_public", "tpm_quote": {"signature", "message", "pcrs"}}; the AK is a
             // SubjectPublicKeyInfo
};

// Evidence is a quote with what stands beside it, each part as its octets. A value.
struct Evidence {
  Form form = Form::kOwn;
  Buffer attest;             // TPMS_ATTEST
  Buffer signature;          // TPMT_SIGNATURE
  Buffer ak;                 // TPMT_PUBLIC, or DER SubjectPublicKeyInfo
  std::vector<Buffer> pcrs;  // the values, in the order of the quote's selection

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

// parse_evidence reads either form and nothing behind it; what is wrong is said in a line.
[[nodiscard]] Result<Evidence, std::string> parse_evidence(Bytes in);

// write_evidence is its inverse: the container's octets, or compact JSON.
[[nodiscard]] Buffer write_evidence(const Evidence& evidence);

// looks_like_quote is true for what begins as either form does, whole or cut, and for a bare
// TPMS_ATTEST, which is evidence only with what belongs beside it.
[[nodiscard]] bool looks_like_quote(Bytes in);

// layout_of lists every octet of what parse_evidence reads.
[[nodiscard]] std::vector<attest::LayoutField> layout_of(Bytes in);

}  // namespace ward::tpm
