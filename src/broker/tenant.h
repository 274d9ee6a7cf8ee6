#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/people.h"
#include "broker/quotas.h"
#include "store/prefixed_store.h"
#include "store/store.h"

// Tenants: each has a service of its own over its part of one store, with keys of its own
// (docs/tenants.md). Their rows are the default tenant's.
namespace ward::broker {

inline constexpr std::string_view kTenantTable = "tenant";  // by id, sealed
inline constexpr std::size_t kMaxTenants = 1000;            // those that were removed among them
inline constexpr std::size_t kMaxTenantId = 32;
inline constexpr std::size_t kTenantSaltBytes = 32;

enum class TenantState : std::uint8_t { kActive, kSuspended, kRemoved };
[[nodiscard]] const char* to_text(TenantState state);  // "active", ...

// Tenant is one, as its row says. A removed one keeps its id, which nobody gets again, and has lost
// its salt: what its keys sealed opens no more.
struct Tenant {
  std::string id;
  TenantState state = TenantState::kActive;
  UnixTime created;
  Quotas quotas;
  std::array<std::uint8_t, kTenantSaltBytes> salt{};  // of its keys: all zeros of a removed one
  std::uint64_t version = 0;                          // of the row
};

// is_tenant_id is true for 1 to kMaxTenantId of a-z 0-9 -, the first no hyphen, and not "default".
[[nodiscard]] bool is_tenant_id(std::string_view id);

// table_prefix is what a tenant's tables begin with in the store (store/prefixed_store.h): no two
// tenants' are equal, none begins another, and no table of the default tenant begins so.
[[nodiscard]] std::string table_prefix(std::string_view tenant_id);

// find_tenant reads one; nullopt where there never was one. kUntrusted, kMalformed: the row is
// damaged.
[[nodiscard]] Result<std::optional<Tenant>> find_tenant(store::View& view, const Keys& keys,
                                                        std::string_view id);

// tenant_guard lets the tenant's part of the store be used while its row is that of an active
// tenant, in whatever transaction asks: what began before a suspension or a removal is not
// committed after it. kDenied then; errors of find_tenant. `keys` are the service's own, borrowed.
[[nodiscard]] store::PrefixedStore::Guard tenant_guard(const Keys& keys, const Tenant& tenant);

// ended_with_tenant is true of the error of such a guard.
[[nodiscard]] bool ended_with_tenant(const Error& error);

// TenantKeys makes the keys of a tenant from the service's own. Thread safe.
class TenantKeys {
 public:
  TenantKeys() = default;
  TenantKeys(const TenantKeys&) = delete;
  TenantKeys& operator=(const TenantKeys&) = delete;
  virtual ~TenantKeys() = default;

  [[nodiscard]] virtual Result<Keys> keys_of(const Tenant& tenant) const = 0;
};

// NewTenant is one that is to be.
struct NewTenant {
  std::string id;
  Quotas quotas;
  Person administrator;  // his role is kAdministrator
};

// TenantChange is what is to be another; what is not given stays.
struct TenantChange {
  std::optional<bool> suspended{};
  std::vector<std::pair<std::string, std::uint64_t>> quotas{};
  std::optional<Person> administrator{};  // in the place of who had his name
};

// TenantAdmin is what operators do. Each change is a leaf of the default tenant's ledger and one of
// the tenant's own, with what was before and after, in one transaction; every refusal is a leaf
// too. No act shows what a tenant keeps. A change holds at the next request, of every replica. Safe
// from several threads.
class TenantAdmin {
 public:
  // `service` is the default tenant's; both are borrowed.
  TenantAdmin(const Service& service, const TenantKeys& keys) : service_(service), keys_(keys) {}

  // add makes one. 400 for an id, a quota or an administrator that is none; 409 where the id is
  // taken or was, or there are kMaxTenants.
  [[nodiscard]] Answer<Tenant> add(const Actor& actor, const NewTenant& made, UnixTime now) const;

  // list gives those behind page.after, in the order of their ids.
  [[nodiscard]] Answer<std::vector<Tenant>> list(const Actor& actor, const ListPage& page,
                                                 UnixTime now) const;

  // show gives one; 404 where there is none, or it was removed.
  [[nodiscard]] Answer<Tenant> show(const Actor& actor, std::string_view id, UnixTime now) const;

  // set changes one.
  [[nodiscard]] Answer<Tenant> set(const Actor& actor, std::string_view id,
                                   const TenantChange& change, UnixTime now) const;

  // remove ends a tenant, which must be suspended (409): its salt is gone, and with it its keys.
  [[nodiscard]] Answer<void> remove(const Actor& actor, std::string_view id, UnixTime now) const;

 private:
  struct Step;

  [[nodiscard]] Answer<void> may(const Actor& actor, UnixTime now) const;
  [[nodiscard]] Answer<Tenant> change(const Step& step) const;

  const Service& service_;
  const TenantKeys& keys_;
};

}  // namespace ward::broker
