#pragma once

#include <map>
#include <string>

#include "crypto/sign.h"
#include "keys/key_provider.h"

namespace ward::keys {

// No SoftKeys holds more.
inline constexpr std::size_t kMaxSoftKeys = 4096;

// SoftKeys keeps keys in this process's memory (locked and wiped as SecretBytes are).
class SoftKeys final : public KeyProvider {
 public:
  // add_wrapping_key takes 32 octets. kMalformed: another size, or an id that is empty or too long;
  // kDenied: the id is taken; kLimit.
  [[nodiscard]] Result<void> add_wrapping_key(std::string_view key_id, SecretBytes key);

  // add_signing_key: errors as add_wrapping_key.
  [[nodiscard]] Result<void> add_signing_key(std::string_view key_id, crypto::PrivateKey key);

  [[nodiscard]] bool has_wrapping_key(std::string_view key_id) const override;
  [[nodiscard]] Result<Buffer> wrap(std::string_view key_id, Bytes key) const override;
  [[nodiscard]] Result<SecretBytes> unwrap(std::string_view key_id, Bytes wrapped) const override;
  [[nodiscard]] Result<Buffer> sign(std::string_view key_id, crypto::SignatureAlgorithm algorithm,
                                    Bytes message) const override;
  [[nodiscard]] Result<crypto::PublicKey> public_key(std::string_view key_id) const override;

 private:
  [[nodiscard]] Result<void> check_new(std::string_view key_id) const;
  [[nodiscard]] Result<const SecretBytes*> wrapping(std::string_view key_id) const;
  [[nodiscard]] Result<const crypto::PrivateKey*> signing(std::string_view key_id) const;

  std::map<std::string, SecretBytes, std::less<>> wrapping_;
  std::map<std::string, crypto::PrivateKey, std::less<>> signing_;
};

}  // namespace ward::keys
