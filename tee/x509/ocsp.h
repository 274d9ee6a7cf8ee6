#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "pki/build.h"
#include "pki/certificate.h"
#include "tee/x509/documents.h"
#include "tee/x509/path.h"

// OCSP responses (RFC 6960) as endorsements: an authority's word on one certificate, at one time.
namespace ward::x509 {

inline constexpr std::size_t kMaxOcspBytes = 64U << 10U;
inline constexpr std::size_t kMaxOcspSingles = 64;
inline constexpr std::size_t kMaxOcspCertificates = 8;

// Of the responses on one certificate at most so many are tried that call it revoked, and so many
// others.
inline constexpr std::size_t kMaxOcspTried = 64;

enum class OcspStatus : std::uint8_t { kGood, kRevoked, kUnknown };

enum class OcspHash : std::uint8_t { kSha1, kSha256, kSha384 };

// OcspSingle is what a response says of one certificate (RFC 6960 section 4.2.1).
struct OcspSingle {
  OcspHash hash = OcspHash::kSha384;
  Buffer issuer_name_hash;
  Buffer issuer_key_hash;
  Buffer serial;  // INTEGER contents
  OcspStatus status = OcspStatus::kUnknown;
  UnixTime revoked_at;  // where it is revoked
  UnixTime this_update;
  std::optional<UnixTime> next_update;

  friend bool operator==(const OcspSingle&, const OcspSingle&) = default;
};

// OcspResponse is a successful response: form only, nothing is verified. A value.
struct OcspResponse {
  Buffer der;
  crypto::Sha256Digest fingerprint{};  // SHA-256 of it
  Buffer tbs;                          // ResponseData, as encoded
  crypto::SignatureAlgorithm signature_algorithm{};
  Buffer signature;
  UnixTime produced_at;
  std::vector<OcspSingle> singles;
  std::vector<pki::Certificate> certificates;  // that it brings along
};

// parse_ocsp_response reads one DER OCSPResponse with nothing behind it. kTruncated, kMalformed,
// kLimit; kUnsupported for a response that says only that there is none, another type than the
// basic one, another signature or hash algorithm, and a critical extension.
[[nodiscard]] Result<OcspResponse> parse_ocsp_response(Bytes der);

// OcspSpec is what a response says; the inverse of parsing.
struct OcspSpec {
  crypto::SignatureAlgorithm signature_algorithm{};
  Buffer responder_key_hash;  // SHA-1 of the responder's key, 20 octets (byKey)
  UnixTime produced_at;
  std::vector<OcspSingle> singles;
  std::vector<Buffer> certificates;  // DER
};

// build_ocsp_response writes and signs it; errors of the signer.
[[nodiscard]] Result<Buffer> build_ocsp_response(const OcspSpec& spec, const pki::Signer& signer);

// ocsp_single names `certificate`, which `issuer` issued; status and times are the caller's.
[[nodiscard]] OcspSingle ocsp_single(const pki::Certificate& certificate,
                                     const pki::Certificate& issuer, OcspHash hash);

// ocsp_key_hash is the SHA-1 of a certificate's key, which responders are named by.
[[nodiscard]] Buffer ocsp_key_hash(const pki::Certificate& certificate);

// OcspFacts are the facts of the response that was chosen for a certificate.
struct OcspFacts {
  const Named<OcspResponse>* response = nullptr;  // the best of those given; borrowed
  const pki::Certificate* responder = nullptr;    // who signed it; null where nobody that may
  Judged signature;
  Judged this_update;
  Judged next_update;
  Judged status;
  std::vector<std::string> notes;  // what a limit left out
};

// judge_ocsp chooses among `responses` the one that speaks of `certificate`, is signed by its
// `issuer` or by a responder that the issuer appointed (RFC 6960 section 4.2.2.2), is valid at
// `now`, and is the newest. A rightly signed response that calls the certificate revoked counts
// whatever its times. Without any, `response` is null and the facts say nothing. A responder's own
// revocation is not looked at: its validity is, at `now`. Where there are more than kMaxOcspTried,
// the newest that are not of the future are tried; signatures are searched as Signatures::found()
// says.
[[nodiscard]] OcspFacts judge_ocsp(std::span<const Named<OcspResponse>> responses,
                                   const pki::Certificate& certificate,
                                   const pki::Certificate& issuer, UnixTime now,
                                   Signatures& signatures);

}  // namespace ward::x509
