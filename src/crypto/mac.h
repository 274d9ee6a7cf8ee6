#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "crypto/secret.h"

namespace ward::crypto {

// hmac computes HMAC (RFC 2104) over `data`; the tag has the hash's size. Compare tags with
// verify_hmac or ct_equal. Where the result is a key, use hmac_key.
[[nodiscard]] Buffer hmac(Hash hash, Bytes key, Bytes data);
[[nodiscard]] SecretBytes hmac_key(Hash hash, Bytes key, Bytes data);

// verify_hmac is true where `tag` is the whole, right tag; its time does not depend on the octets.
[[nodiscard]] bool verify_hmac(Hash hash, Bytes key, Bytes data, Bytes tag);

// Hmac computes HMAC over a stream. Not thread safe. finish() may be called once; update() or
// finish() behind it ends the process.
class Hmac {
 public:
  Hmac(Hash hash, Bytes key);
  Hmac(const Hmac&) = delete;
  Hmac& operator=(const Hmac&) = delete;
  Hmac(Hmac&&) noexcept;
  Hmac& operator=(Hmac&&) noexcept;
  ~Hmac();

  void update(Bytes data);
  [[nodiscard]] Buffer finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

using CmacTag = std::array<std::uint8_t, 16>;

// cmac_aes128 computes AES-CMAC (RFC 4493): the MAC of SGX and TDX reports. Where the result is a
// key (SGX key derivation), use cmac_aes128_key.
[[nodiscard]] CmacTag cmac_aes128(std::span<const std::uint8_t, 16> key, Bytes data);
[[nodiscard]] Secret<16> cmac_aes128_key(std::span<const std::uint8_t, 16> key, Bytes data);

}  // namespace ward::crypto
