#include "broker/tenant.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "broker/records.h"
#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kType = "TenantError";
constexpr std::string_view kSubject = "tenants";
constexpr codec::JsonLimits kLimits{.max_bytes = 8192, .max_depth = 3};
constexpr auto kStates =
    std::to_array({TenantState::kActive, TenantState::kSuspended, TenantState::kRemoved});

Error damaged() { return {Errc::kMalformed, "broker.tenant: a row is damaged"}; }

constexpr const char* kInactive = "broker.tenant: it is suspended or was removed";

// undone ends a transaction whose refusal the client is told.
Error undone() { return {Errc::kDenied, "broker.tenant: refused"}; }

Refusal no_such_tenant() { return refuse(404, "ResourceNotFound", CheckId::kTenantExists); }

// write_public writes what is no secret of a tenant into the object that is open.
void write_public(JsonWriter& w, const Tenant& tenant) {
  w.member("state", to_text(tenant.state)).name("quotas").begin_object();
  for (const QuotaInfo& quota : kQuotas) {
    w.member(quota.name, tenant.quotas.*quota.member);
  }
  w.end_object();
}

// described is a tenant as leaves have it.
Result<std::string> described(const Tenant& tenant) {
  JsonWriter w;
  w.begin_object();
  write_public(w, tenant);
  return w.end_object().take();
}

Result<std::string> write(const Tenant& tenant) {
  JsonWriter w;
  w.begin_object();
  write_public(w, tenant);
  w.member("created", format_rfc3339(tenant.created)).member("salt", to_hex(tenant.salt));
  return w.end_object().take();
}

Result<Tenant> read(std::string_view id, const SealedRow& row) {
  const auto json = codec::parse_json(row.value->expose(), kLimits);
  if (!json || !json->is_object()) return damaged();
  const auto text = [&](std::string_view name) {
    const JsonValue* value = json->find(name);
    return value != nullptr ? value->as_string().value_or("") : std::string_view();
  };
  const auto* const state =
      std::ranges::find_if(kStates, [&](TenantState one) { return text("state") == to_text(one); });
  const auto created = parse_rfc3339(text("created"));
  const auto octets = from_hex(text("salt"));
  const auto salt = octets ? to_array<kTenantSaltBytes>(*octets) : std::nullopt;
  const JsonValue* quotas = json->find("quotas");
  if (state == kStates.end() || !created || !salt || quotas == nullptr) {
    return damaged();
  }
  Tenant out{.id = std::string(id),
             .state = *state,
             .created = *created,
             .quotas = {},
             .salt = *salt,
             .version = row.version};
  for (const auto& [name, value] : quotas->members()) {
    if (!value.as_uint() || !set_quota(out.quotas, name, *value.as_uint())) return damaged();
  }
  return out;
}

Result<void> put(store::Transaction& tx, const Service& service, const Tenant& tenant) {
  WARD_TRY(const std::string text, write(tenant));
  const auto written = service.keys.rows.put(tx, kTenantTable, tenant.id, as_bytes(text),
                                             tenant.version, service.rng);
  if (!written) return written.error();
  return {};
}

// put_administrator registers somebody in a tenant's part of the store, with a leaf there; a
// refusal where another of its administrators signs in with the same.
Result<std::optional<Refusal>> put_administrator(store::Transaction& part, const Keys& keys,
                                                 crypto::Rng& rng, const Person& person,
                                                 const ledger::Entry& act) {
  WARD_TRY(const bool taken, proof_taken(part, keys, person));
  if (taken) return std::optional(refuse(409, kType, CheckId::kPersonProof));
  const auto earlier = load_person(part, keys, person.name);
  std::string before = earlier ? "" : "damaged";
  if (earlier && *earlier) {
    WARD_TRY(before, describe(**earlier));
  }
  WARD_CHECK_OK(put_person(part, keys, rng, person));
  WARD_TRY(const std::string after, describe(person));
  ledger::Entry entry = act;
  entry.kind = "administrator.add";
  entry.subject = person.name;
  entry.details.emplace_back("before", before);
  entry.details.emplace_back("after", after);
  WARD_CHECK_OK(record(part, keys, entry));
  return std::optional<Refusal>();
}

std::optional<std::string> check_first(const Person& person) {
  if (person.role != Role::kAdministrator) {
    return "administrator: expected the role administrator";
  }
  return check_person(person);
}

Result<bool> full(store::View& view) {
  WARD_TRY(const auto all, view.list_keys(kTenantTable, "", "", store::kMaxListed));
  return all.size() >= kMaxTenants;
}

static_assert(kMaxTenants <= store::kMaxListed);

}  // namespace

bool set_quota(Quotas& quotas, std::string_view name, std::uint64_t value) {
  const auto* const found =
      std::ranges::find_if(kQuotas, [&](const QuotaInfo& one) { return one.name == name; });
  if (found == kQuotas.end()) return false;
  constexpr Quotas kMost;
  if (value < found->least || value > kMost.*found->member) return false;
  quotas.*found->member = value;
  return true;
}

const char* to_text(TenantState state) {
  switch (state) {
    case TenantState::kActive:
      return "active";
    case TenantState::kSuspended:
      return "suspended";
    case TenantState::kRemoved:
      return "removed";
  }
  return "";
}

bool is_tenant_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxTenantId && id.front() != '-' && id != "default" &&
         id.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

std::string table_prefix(std::string_view tenant_id) {
  std::string out = "t." + std::string(tenant_id) + ".";
  std::ranges::replace(out, '-', '_');  // no id has an underscore
  return out;
}

Result<std::optional<Tenant>> find_tenant(store::View& view, const Keys& keys,
                                          std::string_view id) {
  if (!is_tenant_id(id)) return std::optional<Tenant>();
  WARD_TRY(const SealedRow row, keys.rows.get(view, kTenantTable, id));
  if (!row.value) return std::optional<Tenant>();
  WARD_TRY(Tenant tenant, read(id, row));
  return std::optional(std::move(tenant));
}

store::PrefixedStore::Guard tenant_guard(const Keys& keys, const Tenant& tenant) {
  return [&keys, id = tenant.id, version = tenant.version](store::View& view) -> Result<void> {
    WARD_TRY(const store::Row row, view.get(kTenantTable, id));
    if (row.version == version) return {};  // the usual case, without opening the row
    WARD_TRY(const auto now, find_tenant(view, keys, id));
    if (now && now->state == TenantState::kActive) return {};
    return Error(Errc::kDenied, kInactive);
  };
}

bool ended_with_tenant(const Error& error) {
  return error.code() == Errc::kDenied && std::string_view(error.what()) == kInactive;
}

// Step is one change: what it makes of a tenant, and in the tenant's own part.
struct TenantAdmin::Step {
  std::string id;
  ledger::Entry act;  // without before and after
  // Changes the tenant; what it returns is the refusal.
  std::function<Result<std::optional<Refusal>>(std::optional<Tenant>&)> make;
  std::optional<Person> administrator;
  bool creates = false;
};

Answer<void> TenantAdmin::may(const Actor& actor, UnixTime now) const {
  return allow(service_, actor, actor.role == Role::kOperator, kSubject, now);
}

Answer<Tenant> TenantAdmin::change(const Step& step) const {
  std::optional<Tenant> tenant;
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(tenant, find_tenant(tx, service_.keys, step.id));
    std::string before;
    std::optional<Keys> keys;
    if (tenant) {
      WARD_TRY(before, described(*tenant));
      if (tenant->state != TenantState::kRemoved) {
        WARD_TRY(keys, keys_.keys_of(*tenant));
      }
    } else if (step.creates) {
      WARD_TRY(const bool no_room, full(tx));
      if (no_room) refusal = refuse(409, kType, CheckId::kTenantRoom);
      if (no_room) return undone();
    }
    WARD_TRY(refusal, step.make(tenant));
    if (refusal) return undone();
    if (!keys) {
      WARD_TRY(keys, keys_.keys_of(*tenant));
    }
    WARD_CHECK_OK(put(tx, service_, *tenant));
    ledger::Entry entry = step.act;
    WARD_TRY(std::string after, described(*tenant));
    entry.details.emplace_back("before", std::move(before));
    entry.details.emplace_back("after", std::move(after));
    if (step.administrator) {
      WARD_TRY(std::string who, describe(*step.administrator));
      entry.details.emplace_back("administrator", step.administrator->name + " " + who);
    }
    WARD_CHECK_OK(record(tx, service_.keys, entry));
    const std::string prefix = table_prefix(step.id);
    store::PrefixedTransaction part(tx, prefix);
    WARD_CHECK_OK(record(part, *keys, entry));
    if (!step.administrator) return {};
    WARD_TRY(refusal, put_administrator(part, *keys, service_.rng, *step.administrator, step.act));
    if (refusal) return undone();
    return {};
  });
  if (refusal) return *std::move(refusal);
  if (!done) return unavailable(done.error());
  return *std::move(tenant);
}

Answer<Tenant> TenantAdmin::add(const Actor& actor, const NewTenant& made, UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  if (!is_tenant_id(made.id)) {
    return refuse(400, kType, CheckId::kMessageForm,
                  "id: expected 1 to 32 of a-z 0-9 -, the first no hyphen, and not \"default\".");
  }
  if (const auto wrong = check_first(made.administrator)) {
    return refuse(400, kType, CheckId::kMessageForm, *wrong + ".");
  }
  const auto salt = crypto::random_array<kTenantSaltBytes>(service_.rng);
  return change({.id = made.id,
                 .act = act_of(actor, now, "tenant.add", made.id),
                 .make = [&](std::optional<Tenant>& tenant) -> Result<std::optional<Refusal>> {
                   if (tenant) return std::optional(refuse(409, kType, CheckId::kTenantName));
                   tenant = Tenant{.id = made.id,
                                   .state = TenantState::kActive,
                                   .created = now,
                                   .quotas = made.quotas,
                                   .salt = salt,
                                   .version = 0};
                   return std::optional<Refusal>();
                 },
                 .administrator = made.administrator,
                 .creates = true});
}

Answer<std::vector<Tenant>> TenantAdmin::list(const Actor& actor, const ListPage& page,
                                              UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  std::vector<Tenant> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(kTenantTable, "", page.after, page.limit));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(auto tenant, find_tenant(view, service_.keys, row.key));
      if (!tenant) return damaged();
      out.push_back(*std::move(tenant));
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<Tenant> TenantAdmin::show(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  std::optional<Tenant> tenant;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(tenant, find_tenant(view, service_.keys, id));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (!tenant) return no_such_tenant();
  return *std::move(tenant);
}

Answer<Tenant> TenantAdmin::set(const Actor& actor, std::string_view id, const TenantChange& given,
                                UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  Quotas tried;
  for (const auto& [name, value] : given.quotas) {
    if (set_quota(tried, name, value)) continue;
    return refuse(400, kType, CheckId::kMessageForm,
                  "quotas: a name that is none, or a value that is too large or too small.");
  }
  if (given.administrator) {
    if (const auto wrong = check_first(*given.administrator)) {
      return refuse(400, kType, CheckId::kMessageForm, *wrong + ".");
    }
  }
  return change({.id = std::string(id),
                 .act = act_of(actor, now, "tenant.set", id),
                 .make = [&](std::optional<Tenant>& tenant) -> Result<std::optional<Refusal>> {
                   if (!tenant || tenant->state == TenantState::kRemoved) {
                     return std::optional(no_such_tenant());
                   }
                   if (given.suspended) {
                     tenant->state =
                         *given.suspended ? TenantState::kSuspended : TenantState::kActive;
                   }
                   for (const auto& [name, value] : given.quotas) {
                     (void)set_quota(tenant->quotas, name, value);  // tried above
                   }
                   return std::optional<Refusal>();
                 },
                 .administrator = given.administrator});
}

Answer<void> TenantAdmin::remove(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  const auto done =
      change({.id = std::string(id),
              .act = act_of(actor, now, "tenant.remove", id),
              .make = [&](std::optional<Tenant>& tenant) -> Result<std::optional<Refusal>> {
                if (!tenant || tenant->state == TenantState::kRemoved) {
                  return std::optional(no_such_tenant());
                }
                if (tenant->state != TenantState::kSuspended) {
                  return std::optional(refuse(409, kType, CheckId::kTenantSuspended));
                }
                tenant->state = TenantState::kRemoved;
                tenant->salt = {};
                return std::optional<Refusal>();
              },
              .administrator = std::nullopt});
  if (!done) return done.error();
  return {};
}

}  // namespace ward::broker
