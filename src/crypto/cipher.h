#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

namespace ward::crypto {

// AesCtr is AES in counter mode (NIST SP 800-38A section 6.5) with a 128-bit big-endian counter:
// AES-256 is the cipher of encrypted OCI layers, AES-128 of what AMD SEV's firmware unwraps. It
// authenticates nothing: a MAC over the ciphertext
// must be checked before the plaintext is used. Encryption and decryption are the same. Not thread
// safe.
class AesCtr {
 public:
  // create makes AES-256. kMalformed for a key that is not of 32 octets.
  static Result<AesCtr> create(Bytes key, std::span<const std::uint8_t, 16> counter);

  static AesCtr aes128(std::span<const std::uint8_t, 16> key,
                       std::span<const std::uint8_t, 16> counter);

  AesCtr(const AesCtr&) = delete;
  AesCtr& operator=(const AesCtr&) = delete;
  AesCtr(AesCtr&&) noexcept;
  AesCtr& operator=(AesCtr&&) noexcept;
  ~AesCtr();

  // apply goes on with the stream. `out` has the size of `in`, and may be the same memory.
  void apply(Bytes in, std::span<std::uint8_t> out);

 private:
  struct State;
  explicit AesCtr(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// aes_cfb_encrypt is AES in cipher feedback mode with whole blocks of feedback (NIST SP 800-38A
// section 6.3, s = 128; the last block may be short): what TPMs hide parameters by. A key of 16
// octets is AES-128's, of 32 AES-256's; kMalformed for others. It authenticates nothing, and a key
// with an IV may be used once.
[[nodiscard]] Result<Buffer> aes_cfb_encrypt(Bytes key, std::span<const std::uint8_t, 16> iv,
                                             Bytes plaintext);
[[nodiscard]] Result<SecretBytes> aes_cfb_decrypt(Bytes key, std::span<const std::uint8_t, 16> iv,
                                                  Bytes ciphertext);

}  // namespace ward::crypto
