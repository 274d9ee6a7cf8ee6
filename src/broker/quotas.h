#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

// How much a tenant may keep and ask for (docs/tenants.md).
namespace ward::broker {

// Quotas are upper bounds; the defaults are those of a service without tenants.
struct Quotas {
  std::uint64_t administrators = 256;            // beside those of the configuration
  std::uint64_t appraisals_per_minute = 100000;  // at /kbs/v0/attest and /v1/appraise together
  std::uint64_t archive_records = 1000000;       // and no more than archive_records of wardd.toml
  std::uint64_t archive_octets = std::uint64_t{1} << 40U;  // and no more than wardd.toml's bounds
  std::uint64_t leases = 1000000;                          // that last
  std::uint64_t policies = 10000;
  std::uint64_t policy_versions = 20;  // that are kept of each policy; the oldest goes
  std::uint64_t reference_values = 1000;
  std::uint64_t resource_octets = std::uint64_t{1} << 40U;  // of all versions, as they are kept
  std::uint64_t resources = 10000;

  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// QuotaInfo names one of them; each is `least` to its default.
struct QuotaInfo {
  std::string_view name;
  std::uint64_t Quotas::*member;
  std::uint64_t least = 0;
};

inline constexpr auto kQuotas = std::to_array<QuotaInfo>({
    {"administrators", &Quotas::administrators, 1},
    {"appraisals_per_minute", &Quotas::appraisals_per_minute},
    {"archive_records", &Quotas::archive_records},
    {"archive_octets", &Quotas::archive_octets},
    {"leases", &Quotas::leases},
    {"policies", &Quotas::policies},
    {"policy_versions", &Quotas::policy_versions, 1},
    {"reference_values", &Quotas::reference_values},
    {"resource_octets", &Quotas::resource_octets},
    {"resources", &Quotas::resources},
});

// set_quota sets the one of this name; false where there is none, or the value is out of its range.
[[nodiscard]] bool set_quota(Quotas& quotas, std::string_view name, std::uint64_t value);

}  // namespace ward::broker
