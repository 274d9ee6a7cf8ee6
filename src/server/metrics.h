#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace ward::server {

// kRoutes are what logs and metrics call a path: never its whole text, which may name a resource, a
// repository, or what a stranger made up. The last is for all others.
inline constexpr auto kRoutes = std::to_array<std::string_view>({
    "/kbs/v0/auth",
    "/kbs/v0/attest",
    "/kbs/v0/resource",
    "/kbs/v0/attestation-policy",
    "/kbs/v0/resource-policy",
    "/kbs/v0/reference-value",
    "/v1/administrators",
    "/v1/appraisals",
    "/v1/appraise",
    "/v1/events",
    "/v1/incidents",
    "/v1/leases",
    "/v1/ledger/checkpoint",
    "/v1/ledger/entries",
    "/v1/ledger/key",
    "/v1/ledger/proof",
    "/v1/nonce",
    "/v1/openapi.json",
    "/v1/policies",
    "/v1/policy",
    "/v1/reference-value",
    "/v1/reference-values",
    "/v1/replay",
    "/v1/resource",
    "/v1/resources",
    "/v1/revocations",
    "/v1/tenants",
    "/v1/token",
    "/v1/versions",
    "/v1/webhooks",
    "/healthz",
    "/metrics",
    "/.well-known",
    "other",
});

// route_of is the index of the route that is `path` or a folder above it; a query is no part of it.
[[nodiscard]] std::size_t route_of(std::string_view target);

// Metrics counts what was answered, by route and status. Safe from several threads.
class Metrics {
 public:
  void count(std::size_t route, unsigned status);

  // text is the Prometheus text format, version 0.0.4. Only what was counted stands in it.
  [[nodiscard]] std::string text() const;

 private:
  // One more for every status that is none of these.
  static constexpr std::array<unsigned, 15> kStatuses = {200, 304, 400, 401, 403, 404, 405, 409,
                                                         412, 413, 415, 422, 429, 500, 503};
  std::array<std::array<std::atomic<std::uint64_t>, kStatuses.size() + 1>, kRoutes.size()>
      counts_{};
};

}  // namespace ward::server
