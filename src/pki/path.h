#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "base/time.h"
#include "pki/certificate.h"

namespace ward::pki {

// What may be wrong with one certificate of a path (RFC 5280 section 6.1) or with a CRL (section
// 6.3). One fact each.
enum class PathFault : std::uint8_t {
  kNotAnchored,  // the top is not the trust anchor's key
  kSignature,    // not signed by the next certificate's key
  kNameChain,    // issuer is not the next certificate's subject
  kNotYetValid,
  kExpired,
  kNotCa,            // an issuer without basicConstraints cA, or not of version 3
  kPathLength,       // this issuer's pathLenConstraint is exceeded
  kKeyUsage,         // an issuer whose keyUsage lacks keyCertSign
  kUnknownCritical,  // a critical extension that we do not process
  kUnsupportedKey,   // no key that we can use; a signature by it was not verified
  kNameConstraints,  // a name that an issuer above does not permit
  kRevoked,
  kNoCrl,               // no CRL of the issuer among those given
  kCrlSignature,        // the issuer's CRL is not signed by the issuer
  kCrlKeyUsage,         // the issuer may not sign CRLs
  kCrlNotYetValid,      // thisUpdate lies ahead
  kCrlExpired,          // nextUpdate has passed, or there is none
  kCrlUnknownCritical,  // a critical extension of the list or of an entry that we do not process
  kTooLong,             // more than kMaxPathLength certificates
  kCrlKeyId,            // the CRL's authorityKeyIdentifier is not the issuer's subjectKeyIdentifier
  kCrlScope,            // the CRL says that it does not cover this certificate
  kCrlDelta,            // lists changes to another CRL only; not supported
  kCrlIndirect,         // may list certificates of other issuers; not supported
  kCrlSomeReasons,      // lists some reasons for revocation only; not supported
};

// to_string names a fault in lower snake case without the k: "crl_expired".
[[nodiscard]] const char* to_string(PathFault fault);

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
  // Whether a certificate's signature by an issuer's key holds, for callers that may know already;
  // empty: signed_by(). Called for issuers with a public key alone, not for lists.
  std::function<bool(const Certificate& signed_one, const Certificate& issuer)> holds{};
  // Of extensions that the caller processes in the leaf alone.
  std::span<const Bytes> known_critical_of_leaf{};
  // The top may be a certificate that its own key did not sign: an anchor that is no root. Its
  // signature and its issuer's name are not looked at; all else is.
  bool top_is_intermediate = false;
  // Lists are judged only where the path has no other fault: for chains of strangers, who could
  // otherwise have lists verified with keys of their own.
  bool lists_after_path = false;
  // Whether a list's signature by a certificate's key holds, for callers that may know already;
  // empty: signed_by(). Called for certificates of the list's issuer's name alone.
  std::function<bool(const Crl& crl, const Certificate& issuer)> list_holds{};
};

// check_path examines `chain`, leaf first, top last, against one trust anchor given by the SHA-256
// of its SubjectPublicKeyInfo. The top certificate must carry that key (self-signed, its signature
// is verified too, but for PathOptions::top_is_intermediate). Returns every fault found, in order
// of index; empty means that the path is right at `options.at`.
//
// Of RFC 5280 section 6.1 everything is done but certificate policies: a critical policy extension
// is kUnknownCritical unless the caller processes it, and so is a critical extKeyUsage.
//
// With `options.crls`, every certificate but the top needs a CRL of its issuer's name that is
// signed by its issuer, or by a certificate of the same name further up the chain. One complete CRL
// without fault suffices; but a delta, indirect or some-reasons CRL of the issuer refuses the
// certificate even beside a complete one, because what it adds is not processed. CRLs signed by a
// certificate outside the chain are not supported (kCrlSignature).
[[nodiscard]] std::vector<PathError> check_path(std::span<const Certificate> chain,
                                                const crypto::Sha256Digest& anchor_spki_sha256,
                                                const PathOptions& options);

// check_crl examines one CRL against the certificate that should have issued it: kNoCrl where the
// issuer's name is another, then the kCrl... faults but kCrlScope.
[[nodiscard]] std::vector<PathFault> check_crl(const Crl& crl, const Certificate& issuer,
                                               UnixTime at);

// This one is told whether the issuer's key verifies the CRL.
[[nodiscard]] std::vector<PathFault> check_crl(const Crl& crl, const Certificate& issuer,
                                               bool is_signed, UnixTime at);

// crl_covers is true where the CRL's issuingDistributionPoint lets it speak of this certificate
// (RFC 5280 section 6.3.3 (b)): kind of certificate and distribution point. It does not look at the
// issuer.
[[nodiscard]] bool crl_covers(const Crl& crl, const Certificate& certificate);

}  // namespace ward::pki
