#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

// Ed25519 with another hash. Keystone's security monitor and boot ROM sign with SHA3-512 wherever
// RFC 8032 section 5.1 has SHA-512, and OpenSSL's Ed25519 knows SHA-512 alone; so the group is
// libsodium's here, its points and scalars, and the hash is chosen. For RFC 8032's own Ed25519 use
// PublicKey and PrivateKey.
namespace ward::crypto {

inline constexpr std::size_t kEdwardsKeyBytes = 32;
inline constexpr std::size_t kEdwardsSeedBytes = 32;
inline constexpr std::size_t kEdwardsSignatureBytes = 64;

// EdwardsHash is the hash of an Ed25519. kSha512 is RFC 8032's, which tests compare with OpenSSL's.
enum class EdwardsHash : std::uint8_t { kSha512, kSha3 };

// verify_edwards is true where `signature` (R || S, 64 octets) over `message` is by `public_key`
// (32 octets). S must be below the group's order and the key a canonical point (RFC 8032 5.1.7),
// not one of the eight of small order, by which anyone can sign; a key or signature of another size
// is no error, only false.
[[nodiscard]] bool verify_edwards(EdwardsHash hash, Bytes public_key, Bytes message,
                                  Bytes signature);

using EdwardsSeed = std::array<std::uint8_t, kEdwardsSeedBytes>;

// find_seed returns the first of `seeds` whose key pair has this public key: for seeds that others
// can guess.
[[nodiscard]] std::optional<std::size_t> find_seed(EdwardsHash hash, Bytes public_key,
                                                   std::span<const EdwardsSeed> seeds);

// EdwardsKey signs for development platforms and tests. Not in constant time: no key of worth
// belongs here.
class EdwardsKey {
 public:
  // from_seed makes the key pair of RFC 8032 section 5.1.5; kMalformed for another size than 32.
  static Result<EdwardsKey> from_seed(EdwardsHash hash, Bytes seed);

  [[nodiscard]] Bytes public_key() const { return public_key_; }

  // sign returns R || S; the same message gives the same signature.
  [[nodiscard]] Buffer sign(Bytes message) const;

 private:
  EdwardsKey(EdwardsHash hash, SecretBytes expanded);

  EdwardsHash hash_;
  SecretBytes expanded_;  // the clamped scalar, little-endian, and the prefix
  Buffer public_key_;
};

}  // namespace ward::crypto
