#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "pki/certificate.h"

namespace ward::pki {

// What may be wrong with one certificate of a path (RFC 5280 section 6.1). One fact each.
enum class PathFault : std::uint8_t {
  kNotAnchored,  // the top is not the trust anchor's key
  kSignature,    // not signed by the next certificate's key
  kNameChain,    // issuer is not the next certificate's subject
  kNotYetValid,
  kExpired,
  kNotCa,            // an issuer without basicConstraints cA
  kPathLength,       // pathLenConstraint exceeded
  kKeyUsage,         // an issuer without keyCertSign
  kUnknownCritical,  // a critical extension that we do not process
  kUnsupportedKey,
  kNameConstraints,
  kRevoked,
  kNoCrl,         // no CRL of the issuer among those given
  kCrlSignature,  // the issuer's CRL is not signed by the issuer
  kCrlKeyUsage,   // the issuer may not sign CRLs
  kCrlNotYetValid,
  kCrlExpired,
  kCrlUnknownCritical,
  kTooLong,  // more than kMaxPathLength certificates
};

inline constexpr std::size_t kMaxPathLength = 10;

// PathError says what is wrong with a chain, and with which certificate of it.
struct PathError {
  PathFault fault{};
  std::size_t index = 0;  // into the chain given

  friend bool operator==(const PathError&, const PathError&) = default;
};

// PathOptions is what a path is judged by.
struct PathOptions {
  UnixTime at;
  std::optional<std::span<const Crl>>
      crls;  // nullopt: revocation is not looked at (the caller checks apart)
  std::span<const Bytes>
      known_critical;  // OIDs (contents octets) of extensions that the caller processes
};

// check_path examines `chain`, leaf first, top last, against one trust anchor given by the SHA-256
// of its SubjectPublicKeyInfo. The top certificate must carry that key (self-signed, its signature
// is verified too). Returns every fault found, in order of index; empty means that the path is
// right at `options.at`.
[[nodiscard]] std::vector<PathError> check_path(std::span<const Certificate> chain,
                                                const crypto::Sha256Digest& anchor_spki_sha256,
                                                const PathOptions& options);

// check_crl examines one CRL against the certificate that should have issued it.
[[nodiscard]] std::vector<PathFault> check_crl(const Crl& crl, const Certificate& issuer,
                                               UnixTime at);

}  // namespace ward::pki
