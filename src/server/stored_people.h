#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "broker/broker.h"
#include "broker/people.h"
#include "server/admin_auth.h"
#include "server/log.h"
#include "server/oidc.h"
#include "store/store.h"

namespace ward::server {

// StoredPeople are the administrators of a service's store (broker/people.h), as they are with each
// call. A row is opened once for each of its versions, so that who asks often costs a listing of
// names; one that is damaged is nobody, and is logged when it is opened (admin.row_damaged). Safe
// from several threads.
class StoredPeople {
 public:
  // `service` is borrowed and outlives it.
  StoredPeople(const broker::Service& service, Log log) : service_(service), log_(std::move(log)) {}

  // certificates are those who sign in with a TLS client certificate, but for whom `configured` has
  // the name of. Errors of the store.
  [[nodiscard]] Result<std::vector<Administrator>> certificates(
      std::span<const Administrator> configured) const;

  // rules are those for a provider's tokens: of one subject first, then in the order of their
  // names. Whom `configured` has the name of has none. Errors of the store.
  [[nodiscard]] Result<std::vector<OidcRule>> rules(std::span<const Administrator> configured,
                                                    const OidcProvider& provider) const;

 private:
  // Opened is what a row of that version holds; null: it is damaged. Shared, because a request that
  // is at work keeps what it began with.
  struct Opened {
    std::uint64_t version = 0;
    std::shared_ptr<const broker::Person> person;
  };

  using Rows = std::map<std::string, Opened, std::less<>>;

  [[nodiscard]] Result<std::vector<std::shared_ptr<const broker::Person>>> people_but(
      std::span<const Administrator> configured) const;
  [[nodiscard]] Result<Rows> open(store::View& view, const Rows& known,
                                  std::vector<std::string>& damaged) const;

  const broker::Service& service_;
  Log log_;
  mutable std::mutex mutex_;
  mutable std::shared_ptr<const Rows> rows_ = std::make_shared<const Rows>();  // under mutex_
};

}  // namespace ward::server
