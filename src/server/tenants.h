#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "broker/broker.h"
#include "broker/tenant.h"
#include "net/http/server.h"
#include "protocol/exchange.h"

// The routes of all tenants (docs/tenants.md): /t/ID/... is answered by the tenant's own service as
// it would be without /t/ID, and all else by the default tenant's.
namespace ward::server {

// ServedTenant answers one tenant's requests. Safe from several threads.
class ServedTenant {
 public:
  ServedTenant() = default;
  ServedTenant(const ServedTenant&) = delete;
  ServedTenant& operator=(const ServedTenant&) = delete;
  virtual ~ServedTenant() = default;

  [[nodiscard]] virtual protocol::HttpResponse answer(
      const protocol::HttpRequest& request) const = 0;

  // stream is Routes::stream of it. What it returns does not outlive it.
  [[nodiscard]] virtual std::optional<net::Stream> stream(
      const protocol::HttpRequest& request) const = 0;

  [[nodiscard]] virtual const broker::Service& service() const = 0;
};

// TenantMaker builds a tenant's service. Thread safe.
class TenantMaker {
 public:
  TenantMaker() = default;
  TenantMaker(const TenantMaker&) = delete;
  TenantMaker& operator=(const TenantMaker&) = delete;
  virtual ~TenantMaker() = default;

  [[nodiscard]] virtual Result<std::unique_ptr<ServedTenant>> make(
      const broker::Tenant& tenant) const = 0;
};

// So many streams of events are open at the same time, of all tenants together.
inline constexpr std::size_t kMaxStreamsOfAll = 128;

// Tenants is the service's front. Each request for a tenant reads the tenant's row, and its service
// is made anew where that has another version: what an operator changed at any replica holds at the
// next request. A tenant that is suspended answers nothing but 403, also to what had begun before
// and can write no more; of one that was removed, and of one that never was, there is nothing at
// the path. Safe from several threads.
class Tenants {
 public:
  // Own answers for the default tenant.
  struct Own {
    net::Handler answer;
    net::StreamHandler stream{};  // empty: no streams
  };

  // `service` is the default tenant's; `service` and `maker` are borrowed.
  Tenants(const broker::Service& service, Own own, const TenantMaker& maker)
      : service_(service), own_(std::move(own)), maker_(maker) {}

  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request) const;

  // stream answers the requests for streams of events, nullopt for all others. A tenant's stream
  // ends when the tenant is changed, suspended or removed. 429 where kMaxStreamsOfAll are open. The
  // streams end before this does.
  [[nodiscard]] std::optional<net::Stream> stream(const protocol::HttpRequest& request) const;

 private:
  // Kept is one tenant's service, which is built once: who comes meanwhile waits for it.
  struct Kept {
    std::mutex mutex;
    std::uint64_t version = 0;  // under mutex, as `served`
    // Shared: a request that is at work keeps the service that it began with.
    std::shared_ptr<const ServedTenant> served;
  };

  [[nodiscard]] std::optional<net::Stream> open(const protocol::HttpRequest& request) const;
  [[nodiscard]] Result<std::shared_ptr<const ServedTenant>> served(
      const broker::Tenant& tenant) const;
  // unserved is the answer where the tenant is not served; nullopt where it is.
  [[nodiscard]] std::optional<protocol::HttpResponse> unserved(
      const protocol::HttpRequest& request, std::string_view rest,
      const std::optional<broker::Tenant>& tenant) const;
  [[nodiscard]] Result<std::optional<broker::Tenant>> find(std::string_view id) const;
  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request,
                                              std::string_view id, std::string_view rest) const;

  const broker::Service& service_;
  Own own_;
  const TenantMaker& maker_;
  mutable std::atomic<std::size_t> streams_{0};  // that are open
  mutable std::mutex mutex_;
  // Under mutex_; of active tenants alone. Shared: whoever builds one does not hold mutex_.
  mutable std::map<std::string, std::shared_ptr<Kept>, std::less<>> kept_;
};

}  // namespace ward::server
