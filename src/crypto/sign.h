#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/signature.h"

namespace ward::crypto {

// PrivateKey is a private key with its public half; the pair is always consistent. Move-only; the
// library wipes the numbers when it dies. Const methods are safe from several threads.
class PrivateKey {
 public:
  // generate draws an EC or Ed25519 key from `rng`: the same octets give the same key (FIPS 186-5
  // appendix A.2.2, testing candidates). kUnsupported for kRsa: generate_rsa.
  static Result<PrivateKey> generate(KeyType type, Rng& rng);

  // generate_rsa makes an RSA key of 2048, 3072 or 4096 bits with the exponent 65537, or 3, which
  // SGX's SIGSTRUCT wants. It draws from OpenSSL's own generator (from a seed:
  // crypto/repeatable.h). kUnsupported for other sizes and exponents.
  static Result<PrivateKey> generate_rsa(std::size_t bits, std::uint64_t exponent = 65537);

  // from_pkcs8 reads an unencrypted DER PrivateKeyInfo (RFC 5958) with nothing behind it. The
  // public half is computed, and must be the one that the file carries, where it does.
  // kMalformed, kUnsupported, kLimit.
  static Result<PrivateKey> from_pkcs8(Bytes der);

  // from_ec_scalar takes the private scalar, big-endian, of the field's octet length. kMalformed
  // for another length, 0, and values from the group's order on.
  static Result<PrivateKey> from_ec_scalar(KeyType type, Bytes scalar);

  // from_ed25519_seed takes the 32 octets of RFC 8032 section 5.1.5.
  static Result<PrivateKey> from_ed25519_seed(Bytes seed);

  PrivateKey(const PrivateKey&) = delete;
  PrivateKey& operator=(const PrivateKey&) = delete;
  PrivateKey(PrivateKey&&) noexcept;
  PrivateKey& operator=(PrivateKey&&) noexcept;
  ~PrivateKey();

  [[nodiscard]] KeyType type() const;

  [[nodiscard]] const PublicKey& public_key() const;

  // to_pkcs8 writes the DER PrivateKeyInfo.
  [[nodiscard]] SecretBytes to_pkcs8() const;

  // sign signs `message`; ECDSA gives a DER ECDSA-Sig-Value. ECDSA nonces and PSS salts come from
  // OpenSSL's own generator, so signatures differ from call to call even under a seeded key
  // (crypto/repeatable.h's do not). kUnsupported for an algorithm of another key type.
  [[nodiscard]] Result<Buffer> sign(SignatureAlgorithm algorithm, Bytes message) const;

  // sign_rs gives an ECDSA signature as r || s (IEEE P1363). kUnsupported for others.
  [[nodiscard]] Result<Buffer> sign_rs(SignatureAlgorithm algorithm, Bytes message) const;

  struct Impl;
  explicit PrivateKey(std::unique_ptr<const Impl> impl);

  [[nodiscard]] const Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<const Impl> impl_;
};

}  // namespace ward::crypto
