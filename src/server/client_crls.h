#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"
#include "pki/certificate.h"

// Lists of revoked client certificates (docs/wardd.md, Client certificates).
namespace ward::server {

// How many lists are read of one file.
inline constexpr std::size_t kMaxClientCrls = 16;

// parse_client_crls reads a PEM text of 1 to kMaxClientCrls lists ("X509 CRL"). Errors of parse_pem
// and parse_crl; kMalformed for a block with another label; kLimit. Nothing is verified: that is
// judge_client_crls.
[[nodiscard]] Result<std::vector<pki::Crl>> parse_client_crls(std::string_view pem);

// ClientCrlSet is lists whose signatures were verified, and with whose key. Their times are judged
// with each certificate.
struct ClientCrlSet {
  std::vector<pki::Crl> lists;
  // SHA-256 of the signer's SubjectPublicKeyInfo, by the list's fingerprint.
  std::map<crypto::Sha256Digest, crypto::Sha256Digest> signers;
};

// is_signed_by is true where the list is one of the set's, signed with the certificate's key.
[[nodiscard]] bool is_signed_by(const ClientCrlSet& set, const pki::Crl& list,
                                const pki::Certificate& issuer);

// JudgedCrls is what counts of the lists of a file, and why the others do not.
struct JudgedCrls {
  ClientCrlSet set;
  std::vector<std::pair<pki::Crl, const char*>> refused;
};

// judge_client_crls verifies each list once: it must have the name and the signature of one of
// `ca`. `before` is what counted until now: where that has a newer list of the same key and the
// same scope, the older one is refused and the newer one still counts, because an old list gives
// back what was revoked since. Newer is a greater cRLNumber (RFC 5280 section 5.2.3), or, where one
// has none or they are equal, a later thisUpdate.
[[nodiscard]] JudgedCrls judge_client_crls(std::vector<pki::Crl> lists,
                                           std::span<const pki::Certificate> ca,
                                           const ClientCrlSet& before);

// ClientCrls holds the lists that count now. Thread safe.
class ClientCrls {
 public:
  // Shared: a request that is at work keeps the lists that it began with.
  using Lists = std::shared_ptr<const ClientCrlSet>;

  explicit ClientCrls(ClientCrlSet set) { replace(std::move(set)); }

  [[nodiscard]] Lists current() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lists_;
  }

  void replace(ClientCrlSet set) {
    auto made = std::make_shared<const ClientCrlSet>(std::move(set));
    const std::lock_guard<std::mutex> lock(mutex_);
    lists_ = std::move(made);
  }

 private:
  mutable std::mutex mutex_;
  Lists lists_;  // under mutex_
};

}  // namespace ward::server
