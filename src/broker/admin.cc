#include "broker/admin.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "broker/records.h"
#include "broker/refusal_record.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::string_view kType = "AdminAuthAccess";

bool manages(const Actor& actor, std::string_view repository) {
  if (actor.role == Role::kAdministrator) return true;
  const auto& own = actor.repositories;
  return actor.role == Role::kOwner && std::find(own.begin(), own.end(), repository) != own.end();
}

Answer<kbs::ResourcePath> path_of(std::string_view text) {
  auto path = kbs::parse_resource_path(text);
  if (!path) return refuse(404, "InvalidRequestPath", CheckId::kMessageForm, path.error().what());
  return *std::move(path);
}

std::uint64_t counter(const store::Row& row) {
  std::uint64_t count = 0;
  if (!row.value) return 0;
  Reader r(*row.value);
  return r.u64be(count) ? count : 0;
}

// all_keys pages through a table.
Result<std::vector<store::ListedKey>> all_keys(store::View& view, std::string_view table) {
  std::vector<store::ListedKey> out;
  std::string after;
  for (;;) {
    WARD_TRY(auto page, view.list_keys(table, "", after, store::kMaxListed));
    if (page.empty()) return out;
    after = page.back().key;
    for (auto& row : page) {
      out.push_back(std::move(row));
    }
  }
}

// crowded says why there is no room for one more resource; nullptr where there is.
Result<const char*> crowded(store::View& view, std::string_view path) {
  const std::string prefix(path.substr(0, path.find('/') + 1));
  WARD_TRY(const auto own, view.list_keys(kResourceTable, prefix, "", kMaxResources));
  if (own.size() >= kMaxResources) return "The repository holds 1000 resources, the most it may.";
  WARD_TRY(const auto all, all_keys(view, kResourceTable));
  if (all.size() >= kMaxAllResources) {
    return "The service holds 10000 resources, the most it may.";
  }
  return nullptr;
}

static_assert(kMaxResources == 1000 && kMaxResources <= store::kMaxListed);
static_assert(kMaxAllResources == 10000);

}  // namespace

// Act is one change: a sealed row, and the leaf about it.
struct Admin::Act {
  std::string_view table;
  std::string key;
  std::optional<Bytes> value;  // nullopt: erase
  ledger::Entry entry;
};

std::optional<Role> role_of(std::string_view name) {
  for (const Role role :
       {Role::kAdministrator, Role::kVerifierOwner, Role::kOwner, Role::kAuditor}) {
    if (name == to_text(role)) return role;
  }
  return std::nullopt;
}

const char* to_text(Role role) {
  switch (role) {
    case Role::kAdministrator:
      return "administrator";
    case Role::kVerifierOwner:
      return "verifier-owner";
    case Role::kOwner:
      return "owner";
    case Role::kAuditor:
      return "auditor";
  }
  return "";
}

std::string_view repository_of(std::string_view policy_key) {
  const auto slash = policy_key.find('/');
  return slash == std::string_view::npos ? std::string_view() : policy_key.substr(slash + 1);
}

bool may_read(const Actor& actor, std::string_view policy_key) {
  if (actor.role == Role::kAdministrator) return true;
  if (policy_key == kEvidencePolicyKey) return actor.role == Role::kVerifierOwner;
  if (repository_of(policy_key) == kAnyRepository) return false;
  return manages(actor, repository_of(policy_key));
}

Answer<void> allow(const Service& service, const Actor& actor, bool may, std::string_view subject,
                   UnixTime now) {
  if (may) return {};
  return record_refusal(service,
                        {.class_name = administrator_class(actor.name),
                         .actor = actor.name,
                         .subject = std::string(subject),
                         .now = now},
                        refuse(403, kType, CheckId::kAdminRole));
}

Answer<std::uint64_t> Admin::write(const Act& act) const {
  std::uint64_t version = 0;
  bool absent = false;
  const char* full = nullptr;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(act.table, act.key));
    absent = !act.value && !row.value;
    if (absent) return Error(Errc::kUnavailable, "broker.admin: no such row");
    if (act.value && !row.value && act.table == kResourceTable) {
      WARD_TRY(full, crowded(tx, act.key));
      if (full != nullptr) return Error(Errc::kLimit, "broker.admin: resources");
    }
    ledger::Entry entry = act.entry;
    if (act.value) {
      WARD_TRY(version, service_.keys.rows.put(tx, act.table, act.key, *act.value, row.version,
                                               service_.rng));
    } else {
      WARD_TRY(version, tx.erase(act.table, act.key, row.version));
    }
    entry.details.emplace_back("version", std::to_string(version));
    return record(tx, service_.keys, entry);
  });
  if (absent) return refuse(404, "ResourceNotFound", CheckId::kResourceExists);
  if (full != nullptr) return refuse(409, "PluginInternalError", CheckId::kResourceRoom, full);
  if (!done) return unavailable(done.error());
  return version;
}

Answer<std::uint64_t> Admin::put_resource(const Actor& actor, std::string_view path, Bytes value,
                                          UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  if (value.empty()) {
    return refuse(400, "PluginInternalError", CheckId::kMessageForm, "A resource is not empty.");
  }
  if (value.size() > kMaxResourceBytes) {
    return refuse(413, "PluginInternalError", CheckId::kResourceRoom,
                  "A resource has at most 1048576 octets.");
  }
  return write({.table = kResourceTable,
                .key = parsed.text(),
                .value = value,
                .entry = {now, "resource.put", actor.name, parsed.text(), {}}});
}

Answer<SecretBytes> Admin::get_resource(const Actor& actor, std::string_view path,
                                        UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  std::optional<SecretBytes> value;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(auto row, service_.keys.rows.get(tx, kResourceTable, parsed.text()));
    value = std::move(row.value);
    if (!value) return {};
    return record(tx, service_.keys,
                  {now,
                   "resource.get",
                   actor.name,
                   parsed.text(),
                   {{"version", std::to_string(row.version)}}});
  });
  if (!done) return unavailable(done.error());
  if (!value) return refuse(404, "ResourceNotFound", CheckId::kResourceExists);
  return *std::move(value);
}

Answer<void> Admin::delete_resource(const Actor& actor, std::string_view path, UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  const auto done = write({.table = kResourceTable,
                           .key = parsed.text(),
                           .value = std::nullopt,
                           .entry = {now, "resource.delete", actor.name, parsed.text(), {}}});
  if (!done) return done.error();
  return {};
}

Answer<ResourceList> Admin::list_resources(const Actor& actor, const ListPage& page) const {
  ResourceList out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    std::string after(page.after);
    for (;;) {
      WARD_TRY(const auto rows, view.list_keys(kResourceTable, "", after, store::kMaxListed));
      for (const store::ListedKey& row : rows) {
        if (!manages(actor, std::string_view(row.key).substr(0, row.key.find('/')))) continue;
        if (out.resources.size() == page.limit) {
          out.next = out.resources.back().path;
          return {};
        }
        WARD_TRY(const store::Row count, view.get(kReleaseTable, row.key));
        out.resources.push_back({row.key, row.version, counter(count)});
      }
      if (rows.size() < store::kMaxListed) return {};
      after = rows.back().key;
    }
  });
  if (!done) return unavailable(done.error());
  return out;
}

}  // namespace ward::broker
