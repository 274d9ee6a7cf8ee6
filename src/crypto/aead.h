#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace ward::crypto {

enum class AeadAlgorithm : std::uint8_t { kAes128Gcm, kAes256Gcm, kChaCha20Poly1305 };

inline constexpr std::size_t kAeadNonceBytes = 12;
inline constexpr std::size_t kAeadTagBytes = 16;
inline constexpr std::size_t kAeadMaxBytes = std::size_t{1} << 30U;  // of one call

using AeadNonce = std::span<const std::uint8_t, kAeadNonceBytes>;

// aead_key_bytes is the algorithm's key size.
[[nodiscard]] std::size_t aead_key_bytes(AeadAlgorithm algorithm);

// Aead seals and opens any number of messages under one key (NIST SP 800-38D, RFC 8439). The key is
// scheduled once. A nonce must never be used twice for sealing under one key: choosing it is the
// caller's part. Not thread safe; one object per thread.
//
// Input and output may be the same memory, and may otherwise not overlap. Outputs have exactly the
// size named; anything else ends the process, as it is the caller's bug.
class Aead {
 public:
  // kMalformed for a key of another size.
  static Result<Aead> create(AeadAlgorithm algorithm, Bytes key);

  Aead(const Aead&) = delete;
  Aead& operator=(const Aead&) = delete;
  Aead(Aead&&) noexcept;
  Aead& operator=(Aead&&) noexcept;
  ~Aead();

  // seal writes ciphertext || tag into `out`, whose size is the plaintext's plus kAeadTagBytes.
  // kLimit for a plaintext or aad above kAeadMaxBytes.
  Result<void> seal(AeadNonce nonce, Bytes aad, Bytes plaintext, std::span<std::uint8_t> out);

  // seal_detached writes the ciphertext, of the plaintext's size, and the tag apart.
  Result<void> seal_detached(AeadNonce nonce, Bytes aad, Bytes plaintext,
                             std::span<std::uint8_t> ciphertext,
                             std::span<std::uint8_t, kAeadTagBytes> tag);

  // open writes the plaintext into `out`, whose size is that of `sealed` less kAeadTagBytes.
  // kTruncated where `sealed` is shorter than a tag (`out` is then empty), kLimit, and kUntrusted
  // where it does not authenticate: `out` is then wiped.
  Result<void> open(AeadNonce nonce, Bytes aad, Bytes sealed, std::span<std::uint8_t> out);

  // open_detached takes the tag apart; `out` has the ciphertext's size. The tag is whole, never
  // shortened.
  Result<void> open_detached(AeadNonce nonce, Bytes aad, Bytes ciphertext,
                             std::span<const std::uint8_t, kAeadTagBytes> tag,
                             std::span<std::uint8_t> out);

  // The same with memory of their own.
  Result<Buffer> seal(AeadNonce nonce, Bytes aad, Bytes plaintext);
  Result<SecretBytes> open(AeadNonce nonce, Bytes aad, Bytes sealed);

 private:
  struct State;
  explicit Aead(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace ward::crypto
