#include "tee/x509/signatures.h"

namespace ward::x509 {

bool Signatures::holds(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
                       const std::function<bool()>& verify) {
  const Fact fact{signed_one, key};
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (right_.contains(fact)) return true;
  }
  if (!verify()) return false;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (right_.size() == kMost) right_.clear();
  right_.insert(fact);
  return true;
}

bool Signatures::holds(const pki::Certificate& signed_one, const pki::Certificate& issuer) {
  return issuer.public_key && holds(signed_one.fingerprint, issuer.spki_sha256,
                                    [&] { return pki::signed_by(signed_one, *issuer.public_key); });
}

bool Signatures::holds(const pki::Crl& signed_one, const pki::Certificate& issuer) {
  return issuer.public_key && holds(signed_one.fingerprint, issuer.spki_sha256,
                                    [&] { return pki::signed_by(signed_one, *issuer.public_key); });
}

}  // namespace ward::x509
