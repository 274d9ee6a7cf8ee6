#pragma once

#include <cstddef>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "crypto/digest.h"
#include "pki/certificate.h"

namespace ward::x509 {

// SignatureFact is what has a signature, by a digest that covers the signature, too, and the digest
// of a key's SubjectPublicKeyInfo.
using SignatureFact = std::pair<crypto::Sha256Digest, crypto::Sha256Digest>;

// RightSignatures remembers which signatures were found right: octets that a key once signed it has
// signed for ever, whoever is trusted and whatever the time. Thread safe.
class RightSignatures {
 public:
  // So many are remembered, of 64 octets and a node of a set each; then all are forgotten.
  static constexpr std::size_t kMost = 16384;

  [[nodiscard]] bool contains(const SignatureFact& fact);
  void insert(const SignatureFact& fact);

 private:
  std::mutex mutex_;  // guards the next
  std::set<SignatureFact> right_;
};

// At most so many signatures are verified in one appraisal to find out which certificate or
// response is meant; a chain needs three. What comes behind counts as not signed. What is
// remembered costs nothing.
inline constexpr std::size_t kMaxSearched = 512;

// Signatures verifies for one appraisal, each signature once: it remembers what is wrong, too. One
// thread at a time.
class Signatures {
 public:
  // What is found right goes to `shared`, which several appraisals may have in common and which
  // must live as long; null: to a memory of its own.
  explicit Signatures(RightSignatures* shared = nullptr)
      : right_(shared == nullptr ? own_ : *shared) {}

  // holds asks `verify`, unless it is known whether the key whose SubjectPublicKeyInfo has the
  // digest `key` signed what has the digest `signed_one`: one that covers the signature, too.
  bool holds(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
             const std::function<bool()>& verify);

  // Both take an issuer without a usable key for one that signed nothing.
  bool holds(const pki::Certificate& signed_one, const pki::Certificate& issuer);
  bool holds(const pki::Crl& signed_one, const pki::Certificate& issuer);

  // found is holds() for those who search among many: it counts against kMaxSearched, and what is
  // left out is added to `notes`, once.
  bool found(const crypto::Sha256Digest& signed_one, const crypto::Sha256Digest& key,
             const std::function<bool()>& verify, std::vector<std::string>& notes);
  bool found(const pki::Certificate& signed_one, const pki::Certificate& issuer,
             std::vector<std::string>& notes);

  // allow lets so many more be searched, where evidence has several parts that each need some.
  void allow(std::size_t more) { allowed_ += more; }

 private:
  // nullptr where it is not known.
  [[nodiscard]] const bool* known(const SignatureFact& fact);
  bool verified(const SignatureFact& fact, const std::function<bool()>& verify);

  RightSignatures own_;
  RightSignatures& right_;
  std::set<SignatureFact> wrong_;
  std::size_t allowed_ = kMaxSearched;
  std::size_t searched_ = 0;
  bool noted_ = false;
};

}  // namespace ward::x509
