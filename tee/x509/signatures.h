#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <utility>

#include "crypto/digest.h"
#include "pki/certificate.h"

namespace ward::x509 {

// Signatures remembers which signatures were found right: octets that a key once signed it has
// signed for ever, whoever is trusted and whatever the time. What was found wrong is not
// remembered. Thread safe; a signature that two threads verify at the same time is verified twice.
class Signatures {
 public:
  // So many are remembered, of 64 octets and a node of a set each; then all are forgotten.
  static constexpr std::size_t kMost = 16384;

  // holds asks `verify`, unless it is known that the key whose SubjectPublicKeyInfo has the digest
  // `key` signed what has the digest `signed_one`: one that covers the signature, too.
  bool holds(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
             const std::function<bool()>& verify);

  // Both take an issuer without a usable key for one that signed nothing.
  bool holds(const pki::Certificate& signed_one, const pki::Certificate& issuer);
  bool holds(const pki::Crl& signed_one, const pki::Certificate& issuer);

 private:
  using Fact = std::pair<crypto::Sha256Digest, crypto::Sha256Digest>;

  std::mutex mutex_;  // guards the next
  std::set<Fact> right_;
};

}  // namespace ward::x509
