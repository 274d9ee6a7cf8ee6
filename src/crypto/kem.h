#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "crypto/signature.h"

namespace ward::crypto {

// ecdh gives the x coordinate of the shared point, of the field's octet length (NIST SP 800-56A
// section 5.7.1.2; no KDF). The peer's point was validated when its PublicKey was made.
// kUnsupported where the keys are not on one NIST curve.
[[nodiscard]] Result<SecretBytes> ecdh(const PrivateKey& mine, const PublicKey& peer);

// x25519 is the function of RFC 7748 section 5. kUntrusted where the shared secret is zero: the
// peer's point has low order.
[[nodiscard]] Result<Secret<32>> x25519(std::span<const std::uint8_t, 32> scalar,
                                        std::span<const std::uint8_t, 32> peer);
[[nodiscard]] std::array<std::uint8_t, 32> x25519_public(std::span<const std::uint8_t, 32> scalar);

// RSAES-OAEP (RFC 8017 section 7.1), MGF1 with the same hash; the label is empty but where a format
// has one (TPM 2.0). SHA-1 is there for what ocicrypt writes by default ("RSA-OAEP" of RFC 7518);
// we write SHA-256.
enum class OaepHash : std::uint8_t { kSha256, kSha1 };

// rsa_oaep_encrypt: kUnsupported for a key that is not RSA, kLimit for a plaintext that is too long
// for the key.
[[nodiscard]] Result<Buffer> rsa_oaep_encrypt(const PublicKey& key, OaepHash hash, Bytes plaintext,
                                              Bytes label = {});

// rsa_pkcs1_encrypt is RSAES-PKCS1-v1_5 (RFC 8017 section 7.2), for old receivers that can nothing
// else; errors as above. There is no decryption of it here: whether its padding is right is what
// an attacker asks for (Bleichenbacher).
[[nodiscard]] Result<Buffer> rsa_pkcs1_encrypt(const PublicKey& key, Bytes plaintext);

// rsa_oaep_decrypt: kUnsupported for a key that is not RSA, and kUntrusted for every other failure,
// whatever its cause: which it was must not be told (section 7.1.2, note).
[[nodiscard]] Result<SecretBytes> rsa_oaep_decrypt(const PrivateKey& key, OaepHash hash,
                                                   Bytes ciphertext, Bytes label = {});

}  // namespace ward::crypto
