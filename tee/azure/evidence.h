#pragma once

#include <string>
#include <vector>

#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"

// The forms in which evidence of Azure's confidential virtual machines travels: JSON that holds the
// paravisor's report (hcl.h), what vouches for the hardware's report in it, and a quote of the
// virtual TPM. Form only.
namespace ward::azure {

inline constexpr std::size_t kMaxEvidenceJson = 256U << 10U;
inline constexpr std::size_t kMaxTdQuote = 32U << 10U;
inline constexpr std::size_t kMaxVcekChain = 3;       // certificates
inline constexpr std::size_t kMaxCertificate = 8192;  // octets
inline constexpr std::size_t kMaxMessage = 1024;      // octets of TPMS_ATTEST
inline constexpr std::size_t kMaxSignature = 1024;    // octets of an RSA signature
inline constexpr std::size_t kPcrs = 24;
inline constexpr std::size_t kMaxPcr = 64;  // octets

enum class Form : std::uint8_t {
  kSnp0,         // Trustee's first: numbers, and the certificate as PEM
  kSnp,          // Trustee's versions 1 and 2
  kTdx,          // Trustee's version 1
  kAttestedTls,  // of the crate attested-tls (Flashbots), TDX
};

// is_tdx is true for the forms with a TD quote.
[[nodiscard]] constexpr bool is_tdx(Form form) {
  return form == Form::kTdx || form == Form::kAttestedTls;
}

// Evidence is what stands in any of them. A value.
struct Evidence {
  Form form = Form::kSnp;
  std::uint64_t version = 1;  // kSnp: 1 or 2
  Buffer hcl;
  std::vector<Buffer> vcek;         // SNP: DER, the VCEK's first; of kSnp one
  Buffer td_quote;                  // TDX
  Buffer message;                   // TPMS_ATTEST
  Buffer signature;                 // RSASSA with SHA-256, its octets alone
  std::vector<Buffer> pcrs;         // of the SHA-256 bank, 0 to 23
  std::string ak_certificate;       // kAttestedTls: text that is not read
  std::vector<std::string> unread;  // kAttestedTls: members that hold something and are not read

  friend bool operator==(const Evidence&, const Evidence&) = default;
};

// parse_evidence reads one JSON object with exactly the members of its form; what is wrong is said
// in a line. Hex is in lower case, base64url as the form's attesters write it.
[[nodiscard]] Result<Evidence, std::string> parse_evidence(Bytes in);

// write_evidence is its inverse, compact, but for what is not read.
[[nodiscard]] Buffer write_evidence(const Evidence& evidence);

// looks_like_evidence is true for what begins as one of the forms does.
[[nodiscard]] bool looks_like_evidence(Bytes in);

// layout_of lists every octet of what parse_evidence reads.
[[nodiscard]] std::vector<attest::LayoutField> layout_of(Bytes in);

}  // namespace ward::azure
