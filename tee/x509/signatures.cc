#include "tee/x509/signatures.h"

namespace ward::x509 {

bool RightSignatures::contains(const SignatureFact& fact) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return right_.contains(fact);
}

void RightSignatures::insert(const SignatureFact& fact) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (right_.size() == kMost) right_.clear();
  right_.insert(fact);
}

const bool* Signatures::known(const SignatureFact& fact) {
  static constexpr bool kRight = true;
  static constexpr bool kWrong = false;
  if (right_.contains(fact)) return &kRight;
  return wrong_.contains(fact) ? &kWrong : nullptr;
}

bool Signatures::verified(const SignatureFact& fact, const std::function<bool()>& verify) {
  if (verify()) {
    right_.insert(fact);
    return true;
  }
  if (wrong_.size() == RightSignatures::kMost) wrong_.clear();
  wrong_.insert(fact);
  return false;
}

bool Signatures::holds(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
                       const std::function<bool()>& verify) {
  const SignatureFact fact{signed_one, key};
  const bool* answer = known(fact);
  return answer != nullptr ? *answer : verified(fact, verify);
}

bool Signatures::holds(const pki::Certificate& signed_one, const pki::Certificate& issuer) {
  return issuer.public_key && holds(signed_one.fingerprint, issuer.spki_sha256,
                                    [&] { return pki::signed_by(signed_one, *issuer.public_key); });
}

bool Signatures::holds(const pki::Crl& signed_one, const pki::Certificate& issuer) {
  return issuer.public_key && holds(signed_one.fingerprint, issuer.spki_sha256,
                                    [&] { return pki::signed_by(signed_one, *issuer.public_key); });
}

bool Signatures::found(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
                       const std::function<bool()>& verify, std::vector<std::string>& notes) {
  const SignatureFact fact{signed_one, key};
  if (const bool* answer = known(fact)) return *answer;
  if (searched_ < allowed_) {
    ++searched_;
    return verified(fact, verify);
  }
  if (!noted_) {
    notes.push_back("left out: signatures beyond " + std::to_string(allowed_) +
                    ", which count as wrong where something is searched for");
  }
  noted_ = true;
  return false;
}

bool Signatures::found(const pki::Certificate& signed_one, const pki::Certificate& issuer,
                       std::vector<std::string>& notes) {
  return issuer.public_key &&
         found(
             signed_one.fingerprint, issuer.spki_sha256,
             [&] { return pki::signed_by(signed_one, *issuer.public_key); }, notes);
}

}  // namespace ward::x509
