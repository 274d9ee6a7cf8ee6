#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::crypto {

// What a signature is made with. The caller chooses it beforehand; no verifier takes it from the
// signed object.
enum class SignatureAlgorithm : std::uint8_t {
  kEcdsaP256Sha256,
  kEcdsaP384Sha384,
  kEcdsaP521Sha512,
  kEd25519,
  kRsaPkcs1Sha256,
  kRsaPkcs1Sha384,
  kRsaPkcs1Sha512,
  kRsaPssSha256,  // MGF1 and salt of the hash's own size
  kRsaPssSha384,
  kRsaPssSha512,
  kEcdsaP384Sha256,  // AMD SEV: its firmware hashes with SHA-256 under keys of P-384
};

// algorithm_name is its name in RFC 7518 section 3.1 and RFC 8037 section 3.1: "ES256", "PS384".
// They give a curve one hash alone; another's name is ward's own, "ECDSA-P384-SHA256".
[[nodiscard]] const char* algorithm_name(SignatureAlgorithm algorithm);

enum class KeyType : std::uint8_t { kP256, kP384, kP521, kEd25519, kRsa };

// kPublicKeyMemory is about how many octets a key on P-256 or P-384 occupies, the library's own
// included (measured with OpenSSL 3.0).
inline constexpr std::size_t kPublicKeyMemory = 2304;

// PublicKey is a validated public key: EC points are on the curve and not infinity, RSA moduli have
// 2048 to 8192 bits and an odd exponent of at least 3. Immutable; copies share the key; safe to use
// from several threads.
class PublicKey {
 public:
  // from_spki reads a DER SubjectPublicKeyInfo (RFC 5280 section 4.1.2.7) with nothing behind it.
  // kMalformed, kUnsupported (a curve or an algorithm not in KeyType), kLimit.
  static Result<PublicKey> from_spki(Bytes der);

  // from_p256_xy takes the 64 octets x || y, big-endian, as SGX quotes carry them. kMalformed where
  // not on the curve.
  static Result<PublicKey> from_p256_xy(Bytes xy);

  // from_ec_point takes the uncompressed point without the leading 04 for P-256, P-384 or P-521.
  static Result<PublicKey> from_ec_xy(KeyType type, Bytes xy);

  // from_ed25519 takes the 32 raw octets.
  static Result<PublicKey> from_ed25519(Bytes raw);

  // from_rsa takes modulus and exponent, big-endian.
  static Result<PublicKey> from_rsa(Bytes modulus, Bytes exponent);

  [[nodiscard]] KeyType type() const;

  // to_spki writes the DER SubjectPublicKeyInfo.
  [[nodiscard]] Buffer to_spki() const;

  // to_ec_xy returns x || y for EC keys, and an empty buffer for others.
  [[nodiscard]] Buffer to_ec_xy() const;

  // verify is true where `signature` over `message` is right under exactly `algorithm`. ECDSA
  // signatures are strict DER ECDSA-Sig-Value (RFC 3279 section 2.2.3). A key of another type than
  // the algorithm's gives false.
  [[nodiscard]] bool verify(SignatureAlgorithm algorithm, Bytes message, Bytes signature) const;

  // verify_rs takes an ECDSA signature as r || s, each of the curve's octet length, big-endian
  // (IEEE P1363).
  [[nodiscard]] bool verify_rs(SignatureAlgorithm algorithm, Bytes message, Bytes r_s) const;

  struct Impl;
  explicit PublicKey(std::shared_ptr<const Impl> impl);

  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  // Shared because a key is immutable and certificates that are copied share it.
  std::shared_ptr<const Impl> impl_;
};

}  // namespace ward::crypto
