#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/signature.h"

namespace ward::keys {

// No key that is wrapped is longer, and none is shorter than 16 octets or no multiple of 8.
inline constexpr std::size_t kMaxWrappedKeyBytes = 512;

// No key's id is longer; none is empty.
inline constexpr std::size_t kMaxKeyIdBytes = 512;

// KeyProvider holds keys and uses them on request; the keys themselves never leave it. Memory
// (soft/), tokens and servers are behind it. Const methods are safe from several threads.
class KeyProvider {
 public:
  KeyProvider() = default;
  KeyProvider(const KeyProvider&) = delete;
  KeyProvider& operator=(const KeyProvider&) = delete;
  virtual ~KeyProvider() = default;

  // has_wrapping_key is true where wrap and unwrap under `key_id` would find a key.
  [[nodiscard]] virtual bool has_wrapping_key(std::string_view key_id) const = 0;

  // wrap wraps `key` under the AES-256 key `key_id` by RFC 3394. kUnavailable: no such key;
  // kDenied: it is not for wrapping; kMalformed and kLimit: the size of `key`.
  [[nodiscard]] virtual Result<Buffer> wrap(std::string_view key_id, Bytes key) const = 0;

  // unwrap is the inverse. kUntrusted where `wrapped` was not made by this key; others as wrap.
  [[nodiscard]] virtual Result<SecretBytes> unwrap(std::string_view key_id,
                                                   Bytes wrapped) const = 0;

  // sign signs `message` with the private key `key_id`; ECDSA as r || s. kUnavailable: no such key;
  // kDenied: it is not for signing; kUnsupported: not an algorithm of its type.
  [[nodiscard]] virtual Result<Buffer> sign(std::string_view key_id,
                                            crypto::SignatureAlgorithm algorithm,
                                            Bytes message) const = 0;

  // public_key is the public half of a signing key. kUnavailable, kDenied as sign.
  [[nodiscard]] virtual Result<crypto::PublicKey> public_key(std::string_view key_id) const = 0;
};

}  // namespace ward::keys
