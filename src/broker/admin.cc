#include "broker/admin.h"

#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::string_view kType = "AdminAuthAccess";
constexpr std::size_t kMaxListed = 10000;

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

// all_rows pages through a table.
Result<std::vector<store::Listed>> all_rows(store::View& view, std::string_view table) {
  std::vector<store::Listed> out;
  std::string after;
  for (;;) {
    WARD_TRY(auto page, view.list(table, "", after, store::kMaxListed));
    if (page.empty()) return out;
    after = page.back().key;
    for (auto& row : page)
      out.push_back(std::move(row));
    if (out.size() > kMaxListed) return Error(Errc::kLimit, "broker.list", out.size());
  }
}

}  // namespace

// Act is one change: a sealed row, and the leaf about it.
struct Admin::Act {
  std::string_view table;
  std::string key;
  std::optional<Bytes> value;  // nullopt: erase
  ledger::Entry entry;
};

std::optional<Role> role_of(std::string_view name) {
  for (const Role role : {Role::kAdministrator, Role::kVerifierOwner, Role::kOwner}) {
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
  }
  return "";
}

Answer<void> Admin::allow(const Actor& actor, std::string_view repository, std::string_view subject,
                          UnixTime now) const {
  if (manages(actor, repository)) return {};
  return record_refusal(service_,
                        {.class_name = administrator_class(actor.name),
                         .actor = actor.name,
                         .subject = std::string(subject),
                         .now = now},
                        refuse(403, kType, CheckId::kAdminRole));
}

Answer<std::uint64_t> Admin::write(const Act& act) const {
  std::uint64_t version = 0;
  bool absent = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(act.table, act.key));
    absent = !act.value && !row.value;
    if (absent) return Error(Errc::kUnavailable, "broker.admin: no such row");
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
  if (!done) return unavailable(done.error());
  return version;
}

Answer<std::uint64_t> Admin::put_resource(const Actor& actor, std::string_view path, Bytes value,
                                          UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(actor, parsed.repository, path, now));
  if (value.empty() || value.size() > kMaxResourceBytes) {
    return refuse(413, "PluginInternalError", CheckId::kMessageForm,
                  "A resource has 1 to 1048576 octets.");
  }
  return write({.table = kResourceTable,
                .key = parsed.text(),
                .value = value,
                .entry = {now, "resource.put", actor.name, parsed.text(), {}}});
}

Answer<SecretBytes> Admin::get_resource(const Actor& actor, std::string_view path,
                                        UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(actor, parsed.repository, path, now));
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
  WARD_CHECK_OK(allow(actor, parsed.repository, path, now));
  const auto done = write({.table = kResourceTable,
                           .key = parsed.text(),
                           .value = std::nullopt,
                           .entry = {now, "resource.delete", actor.name, parsed.text(), {}}});
  if (!done) return done.error();
  return {};
}

Answer<std::vector<ResourceInfo>> Admin::list_resources(const Actor& actor) const {
  std::vector<ResourceInfo> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, all_rows(view, kResourceTable));
    for (const store::Listed& row : rows) {
      if (!manages(actor, std::string_view(row.key).substr(0, row.key.find('/')))) continue;
      WARD_TRY(const store::Row count, view.get(kReleaseTable, row.key));
      out.push_back({row.key, row.version, counter(count)});
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<std::uint64_t> Admin::set_evidence_policy(const Actor& actor, Bytes json,
                                                 UnixTime now) const {
  if (actor.role != Role::kAdministrator && actor.role != Role::kVerifierOwner) {
    return record_refusal(service_,
                          {.class_name = administrator_class(actor.name),
                           .actor = actor.name,
                           .subject = "policy evidence",
                           .now = now},
                          refuse(403, kType, CheckId::kAdminRole));
  }
  const auto policy = parse_evidence_policy(json);
  if (!policy) return refuse_document("ParsePolicyError", CheckId::kMessageForm, policy.error());
  return write({.table = kPolicyTable,
                .key = std::string(kEvidencePolicyKey),
                .value = json,
                .entry = {now,
                          "policy.set",
                          actor.name,
                          std::string(kEvidencePolicyKey),
                          {{"sha256", to_hex(crypto::sha256(json))}}}});
}

Answer<std::uint64_t> Admin::set_results_policy(const Actor& actor, std::string_view repository,
                                                Bytes json, UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(std::string(repository) + "/x/x"));
  const std::string key = results_policy_key(parsed.repository);
  WARD_CHECK_OK(allow(actor, parsed.repository, key, now));
  const auto policy = parse_results_policy(json);
  if (!policy) return refuse_document("ParsePolicyError", CheckId::kMessageForm, policy.error());
  return write(
      {.table = kPolicyTable,
       .key = key,
       .value = json,
       .entry = {now, "policy.set", actor.name, key, {{"sha256", to_hex(crypto::sha256(json))}}}});
}

Answer<std::vector<PolicyInfo>> Admin::list_policies(const Actor&) const {
  std::vector<PolicyInfo> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, all_rows(view, kPolicyTable));
    for (const store::Listed& row : rows) {
      const auto slash = row.key.find('/');
      const bool evidence = slash == std::string::npos;
      out.push_back({evidence ? row.key : row.key.substr(0, slash),
                     evidence ? "" : row.key.substr(slash + 1), row.version});
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<std::string> Admin::get_policy(const Actor&, std::string_view key) const {
  std::optional<std::string> text;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto row, service_.keys.rows.get(view, kPolicyTable, key));
    if (row.value) text = std::string(as_text(row.value->expose()));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (!text) return refuse(404, "ResourceNotFound", CheckId::kResourceExists);
  return *std::move(text);
}

}  // namespace ward::broker
