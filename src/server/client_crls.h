#pragma once

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "pki/certificate.h"

// Lists of revoked client certificates (docs/wardd.md, Client certificates).
namespace ward::server {

// How many lists are read of one file.
inline constexpr std::size_t kMaxClientCrls = 16;

// parse_client_crls reads a PEM text of 1 to kMaxClientCrls lists ("X509 CRL"). Errors of parse_pem
// and parse_crl; kMalformed for a block with another label; kLimit. Nothing is verified: that is
// done for each certificate, at its time.
[[nodiscard]] Result<std::vector<pki::Crl>> parse_client_crls(std::string_view pem);

// ClientCrls holds the lists that count now. Thread safe.
class ClientCrls {
 public:
  // Shared: a request that is at work keeps the lists that it began with.
  using Lists = std::shared_ptr<const std::vector<pki::Crl>>;

  explicit ClientCrls(std::vector<pki::Crl> lists) { replace(std::move(lists)); }

  [[nodiscard]] Lists current() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lists_;
  }

  void replace(std::vector<pki::Crl> lists) {
    auto made = std::make_shared<const std::vector<pki::Crl>>(std::move(lists));
    const std::lock_guard<std::mutex> lock(mutex_);
    lists_ = std::move(made);
  }

 private:
  mutable std::mutex mutex_;
  Lists lists_;  // under mutex_
};

}  // namespace ward::server
