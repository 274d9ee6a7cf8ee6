#include "keys/soft/soft_keys.h"

#include <utility>

#include "crypto/keywrap.h"

namespace ward::keys {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kWrapOverhead = 8;  // RFC 3394 section 2.2.1

bool is_ecdsa(crypto::SignatureAlgorithm algorithm) {
  using enum crypto::SignatureAlgorithm;
  return algorithm == kEcdsaP256Sha256 || algorithm == kEcdsaP384Sha384 ||
         algorithm == kEcdsaP521Sha512;
}

}  // namespace

Result<void> SoftKeys::check_new(std::string_view key_id) const {
  if (key_id.empty() || key_id.size() > kMaxKeyIdBytes) {
    return Error(Errc::kMalformed, "keys.soft: size of the id", key_id.size());
  }
  if (wrapping_.contains(key_id) || signing_.contains(key_id)) {
    return Error(Errc::kDenied, "keys.soft: the id is taken");
  }
  if (wrapping_.size() + signing_.size() >= kMaxSoftKeys) {
    return Error(Errc::kLimit, "keys.soft: number of keys", kMaxSoftKeys);
  }
  return {};
}

Result<void> SoftKeys::add_wrapping_key(std::string_view key_id, SecretBytes key) {
  WARD_CHECK_OK(check_new(key_id));
  if (key.size() != kKeyBytes) {
    return Error(Errc::kMalformed, "keys.soft: size of the wrapping key", key.size());
  }
  wrapping_.emplace(key_id, std::move(key));
  return {};
}

Result<void> SoftKeys::add_signing_key(std::string_view key_id, crypto::PrivateKey key) {
  WARD_CHECK_OK(check_new(key_id));
  signing_.emplace(key_id, std::move(key));
  return {};
}

Result<const SecretBytes*> SoftKeys::wrapping(std::string_view key_id) const {
  if (const auto found = wrapping_.find(key_id); found != wrapping_.end()) return &found->second;
  if (signing_.contains(key_id)) return Error(Errc::kDenied, "keys.soft: not a wrapping key");
  return Error(Errc::kUnavailable, "keys.soft: no such key");
}

Result<const crypto::PrivateKey*> SoftKeys::signing(std::string_view key_id) const {
  if (const auto found = signing_.find(key_id); found != signing_.end()) return &found->second;
  if (wrapping_.contains(key_id)) return Error(Errc::kDenied, "keys.soft: not a signing key");
  return Error(Errc::kUnavailable, "keys.soft: no such key");
}

bool SoftKeys::has_wrapping_key(std::string_view key_id) const {
  return wrapping_.contains(key_id);
}

Result<Buffer> SoftKeys::wrap(std::string_view key_id, Bytes key) const {
  WARD_TRY(const SecretBytes* kek, wrapping(key_id));
  if (key.size() > kMaxWrappedKeyBytes) {
    return Error(Errc::kLimit, "keys.soft: size of the key", key.size());
  }
  return crypto::wrap_key(kek->expose(), key);
}

Result<SecretBytes> SoftKeys::unwrap(std::string_view key_id, Bytes wrapped) const {
  WARD_TRY(const SecretBytes* kek, wrapping(key_id));
  if (wrapped.size() > kMaxWrappedKeyBytes + kWrapOverhead) {
    return Error(Errc::kLimit, "keys.soft: size of the wrapped key", wrapped.size());
  }
  return crypto::unwrap_key(kek->expose(), wrapped);
}

Result<Buffer> SoftKeys::sign(std::string_view key_id, crypto::SignatureAlgorithm algorithm,
                              Bytes message) const {
  WARD_TRY(const crypto::PrivateKey* key, signing(key_id));
  return is_ecdsa(algorithm) ? key->sign_rs(algorithm, message) : key->sign(algorithm, message);
}

Result<crypto::PublicKey> SoftKeys::public_key(std::string_view key_id) const {
  WARD_TRY(const crypto::PrivateKey* key, signing(key_id));
  return key->public_key();
}

}  // namespace ward::keys
