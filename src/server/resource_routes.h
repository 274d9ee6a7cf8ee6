#pragma once

#include <string>
#include <string_view>

#include "broker/admin.h"
#include "broker/lease.h"
#include "protocol/exchange.h"
#include "server/own_request.h"

namespace ward::server {

// ResourceRoutes answers what owners ask about resources and their leases (docs/wardd.md):
//   GET    /v1/resources?after=PATH&limit=N       what there is, in pages
//   GET    /v1/resource/PATH?version=N            one version's octets
//   PUT    /v1/resource/PATH?expires=T&lease_s=N  a new version; If-Match, If-None-Match
//   DELETE /v1/resource/PATH                      all versions; If-Match
//   GET    /v1/versions/PATH                      which versions are held
//   GET    /v1/leases?after=ID&limit=N            the leases that last
//   DELETE /v1/leases/ID                          its workload gets the resource no more
//   GET    /v1/revocations?after=ID&limit=N       which workloads those are
//   DELETE /v1/revocations/ID                     gets it again
// Safe from several threads.
class ResourceRoutes {
 public:
  explicit ResourceRoutes(const broker::Service& service) : admin_(service), leases_(service) {}

  // takes is true for a path, behind /v1/, that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const OwnRequest& asked, std::string_view path) const;

 private:
  using Response = protocol::HttpResponse;

  [[nodiscard]] Response resources(const OwnRequest& asked, const Page& page) const;
  [[nodiscard]] Response resource(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] Response get(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] Response put(const OwnRequest& asked, std::string_view path) const;
  [[nodiscard]] Response versions(const OwnRequest& asked, std::string_view name) const;
  [[nodiscard]] Response leases(const OwnRequest& asked, const Page& at) const;
  [[nodiscard]] Response revocations(const OwnRequest& asked, const Page& at) const;

  broker::Admin admin_;
  broker::Leases leases_;
};

// lease_header is the value of Ward-Lease (protocol/kbs/lease.h) in the reply to
// GET /kbs/v0/resource/PATH, for a lease that was given at `now`.
[[nodiscard]] std::string lease_header(const broker::Lease& lease, UnixTime now);

}  // namespace ward::server
