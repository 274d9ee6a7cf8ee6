#pragma once

#include <string_view>
#include <utility>

#include "broker/tenant.h"
#include "protocol/exchange.h"
#include "server/admin_auth.h"
#include "server/own_request.h"

namespace ward::server {

// TenantRoutes answers what operators ask of the default tenant (docs/tenants.md), below /v1/:
//   GET  /v1/tenants        in pages
//   POST /v1/tenants        makes one
//   GET  /v1/tenants/ID     one of them
//   POST /v1/tenants/ID     changes its quotas, suspends or resumes it, gives it an administrator
//   DELETE /v1/tenants/ID   ends one that is suspended
// Safe from several threads.
class TenantRoutes {
 public:
  // `service` and `keys` are borrowed; `means` are the whole service's.
  TenantRoutes(const broker::Service& service, const broker::TenantKeys& keys, SignInMeans means)
      : tenants_(service, keys), means_(std::move(means)) {}

  // takes is true for a path, behind /v1/ and without its query, that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  [[nodiscard]] protocol::HttpResponse list(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse add(const OwnRequest& asked) const;
  [[nodiscard]] protocol::HttpResponse set(const OwnRequest& asked, std::string_view id) const;

  broker::TenantAdmin tenants_;
  SignInMeans means_;
};

}  // namespace ward::server
