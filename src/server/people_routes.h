#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/people.h"
#include "protocol/exchange.h"
#include "server/admin_auth.h"
#include "server/own_request.h"

namespace ward::server {

// PeopleRoutes answers who administers a tenant (docs/tenants.md), below /v1/:
//   GET  /v1/administrators          those of the configuration, then those of the store
//   POST /v1/administrators          registers one in the store
//   DELETE /v1/administrators/NAME   takes his rights
// Safe from several threads.
class PeopleRoutes {
 public:
  // `service` is borrowed; `tenant` is whose they are, empty of the default one.
  PeopleRoutes(const broker::Service& service, const std::vector<Administrator>& configured,
               SignInMeans means, std::string tenant);

  // takes is true for a path, behind /v1/ and without its query, that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  [[nodiscard]] protocol::HttpResponse list(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse add(const OwnRequest& asked) const;

  broker::People people_;
  std::vector<Administrator> configured_;
  SignInMeans means_;
  std::string tenant_;
  broker::Reserved reserved_;  // their names, keys of certificates and names in certificates
};

}  // namespace ward::server
