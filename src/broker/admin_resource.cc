#include <algorithm>
#include <utility>

#include "base/reader.h"
#include "broker/admin.h"
#include "broker/expiry.h"
#include "broker/held.h"
#include "broker/incident.h"
#include "broker/records.h"

// What owners do with resources.
namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::string_view kType = "ResourceError";

Answer<kbs::ResourcePath> path_of(std::string_view text) {
  auto path = kbs::parse_resource_path(text);
  if (!path) return refuse(404, "InvalidRequestPath", CheckId::kMessageForm, path.error().what());
  return *std::move(path);
}

Refusal no_such_resource() { return refuse(404, "ResourceNotFound", CheckId::kResourceExists); }

std::uint64_t counter(const store::Row& row) {
  std::uint64_t count = 0;
  if (!row.value) return 0;
  Reader r(*row.value);
  return r.u64be(count) ? count : 0;
}

// crowded is why there is no room for one more resource; nullopt where there is.
Result<std::optional<Refusal>> crowded(store::View& view, std::string_view path,
                                       std::uint64_t most) {
  const std::string prefix(path.substr(0, path.find('/') + 1));
  WARD_TRY(const auto own, view.list_keys(kResourceTable, prefix, "", kMaxResources));
  if (own.size() >= kMaxResources) {
    return std::optional(refuse(409, kType, CheckId::kResourceRoom,
                                "The repository holds 1000 resources, the most it may."));
  }
  std::size_t all = 0;
  std::string after;
  for (;;) {
    WARD_TRY(const auto page, view.list_keys(kResourceTable, "", after, store::kMaxListed));
    if (page.empty() && all < most) return std::optional<Refusal>();
    all += page.size();
    if (all >= most) {
      Refusal out = over_quota(409, kType, "resources", all + 1, most);
      out.checks.emplace_back(check_info(CheckId::kResourceRoom).id);
      return std::optional(std::move(out));
    }
    after = page.back().key;
  }
}

static_assert(kMaxResources == 1000 && kMaxResources <= store::kMaxListed);
static_assert(kMaxAllResources == Quotas{}.resources);

Answer<void> check_value(Bytes value, const PutOptions& options) {
  if (value.empty()) {
    return refuse(400, kType, CheckId::kMessageForm, "A resource is not empty.");
  }
  if (value.size() > kMaxResourceBytes) {
    return refuse(413, kType, CheckId::kResourceRoom, "A resource has at most 1048576 octets.");
  }
  const std::int64_t lease_s = options.lease_s && *options.lease_s ? **options.lease_s : 1;
  if (lease_s < 1 || lease_s > kMaxLease_s) {
    return refuse(400, kType, CheckId::kMessageForm, "A lease lasts 1 to 31622400 seconds.");
  }
  return {};
}

// other_version is the refusal where the newest version is not the one that was named.
std::optional<Refusal> other_version(const std::optional<HeldResource>& newest,
                                     std::optional<std::uint64_t> named) {
  const std::uint64_t found = newest ? newest->version : 0;
  if (!named || *named == found) return std::nullopt;
  const std::string there = found == 0 ? "There is none." : "It is " + std::to_string(found) + ".";
  return refuse(412, kType, CheckId::kResourceVersion, there);
}

Terms terms_of(const PutOptions& options, const std::optional<HeldResource>& before) {
  Terms out = before ? before->terms : Terms{};
  if (options.expires) out.expires = *options.expires;
  if (options.lease_s) out.lease_s = *options.lease_s;
  return out;
}

// may_write is why a version may not be written; nullopt where it may.
Result<std::optional<Refusal>> may_write(store::View& view, const NewVersion& made,
                                         const std::optional<HeldResource>& before,
                                         const PutOptions& options, const Quotas& quotas) {
  if (auto other = other_version(before, options.if_version)) return other;
  if (expired(made.terms, made.now)) {
    return std::optional(refuse(
        409, kType, CheckId::kResourceUnexpired,
        "It would be released to nobody: its end is " + format_rfc3339(*made.terms.expires) + "."));
  }
  WARD_TRY(const std::uint64_t held, held_octets(view));
  const std::uint64_t octets = held + made.value.size();
  if (octets > quotas.resource_octets) {
    return std::optional(over_quota(409, kType, "resource_octets", octets, quotas.resource_octets));
  }
  if (before) return std::optional<Refusal>();
  return crowded(view, made.path, quotas.resources);
}

ledger::Entry put_entry(const Keys& keys, const Actor& actor, const NewVersion& made,
                        const std::optional<HeldResource>& before, std::uint64_t version) {
  ledger::Entry out = act_of(actor, made.now, "resource.put", made.path,
                             {{"version", std::to_string(version)},
                              {"before", before ? audit_digest(keys, before->value.expose()) : ""},
                              {"after", audit_digest(keys, made.value)}});
  if (made.terms.expires) {
    out.details.emplace_back("expires", format_rfc3339(*made.terms.expires));
  }
  if (made.terms.lease_s) {
    out.details.emplace_back("lease_s", std::to_string(*made.terms.lease_s));
  }
  return out;
}

Result<ResourceInfo> info_of(store::View& view, const Keys& keys, const store::ListedKey& row) {
  WARD_TRY(const auto held, load_resource(view, keys, row.key));
  if (!held) return Error(Errc::kMalformed, "broker.admin: a row is gone");
  WARD_TRY(const store::Row count, view.get(kReleaseTable, row.key));
  WARD_TRY(std::string rotate, rotation_of(view, row.key, row.version));
  return ResourceInfo{.path = row.key,
                      .version = row.version,
                      .releases = counter(count),
                      .written = held->written,
                      .terms = held->terms,
                      .rotate = std::move(rotate)};
}

// undone ends a transaction whose refusal the client is told.
Error undone() { return {Errc::kDenied, "broker.admin: refused"}; }

}  // namespace

Answer<std::uint64_t> Admin::put_resource(const Actor& actor, std::string_view path, Bytes value,
                                          UnixTime now, const PutOptions& options) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  WARD_CHECK_OK(check_value(value, options));
  const std::string name = parsed.text();
  std::uint64_t version = 0;
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const auto before, load_resource(tx, service_.keys, name));
    const NewVersion made{
        .path = name, .value = value, .terms = terms_of(options, before), .now = now};
    WARD_TRY(refusal, may_write(tx, made, before, options, service_.options.quotas));
    if (refusal) return undone();
    WARD_TRY(version, hold(tx, service_, made, before));
    if (before && ct_equal(before->value.expose(), value)) {  // it is no other key
      WARD_CHECK_OK(keep_rotation(tx, name, before->version, version));
    }
    if (made.terms.expires) {
      WARD_CHECK_OK(note_end(tx, Ends::kResource, name, *made.terms.expires));
    }
    return record(tx, service_.keys, put_entry(service_.keys, actor, made, before, version));
  });
  if (refusal) return *std::move(refusal);
  if (!done) return unavailable(done.error());
  return version;
}

Answer<HeldResource> Admin::get_resource(const Actor& actor, std::string_view path, UnixTime now,
                                         std::optional<std::uint64_t> version) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  std::optional<HeldResource> held;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(held, version ? load_version(tx, service_.keys, parsed.text(), *version)
                           : load_resource(tx, service_.keys, parsed.text()));
    if (!held) return {};
    return record(tx, service_.keys,
                  act_of(actor, now, "resource.get", parsed.text(),
                         {{"version", std::to_string(held->version)}}));
  });
  if (!done) return unavailable(done.error());
  if (!held) return no_such_resource();
  return *std::move(held);
}

Answer<void> Admin::delete_resource(const Actor& actor, std::string_view path, UnixTime now,
                                    std::optional<std::uint64_t> if_version) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  const std::string name = parsed.text();
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kResourceTable, name));
    refusal.reset();
    if (!row.value) {
      refusal = no_such_resource();
    } else if (if_version && *if_version != row.version) {
      refusal = refuse(412, kType, CheckId::kResourceVersion,
                       "It is " + std::to_string(row.version) + ".");
    }
    if (refusal) return undone();
    const auto before = load_resource(tx, service_.keys, name);  // a damaged one goes too
    WARD_TRY(const std::uint64_t version, let_go(tx, name, row.version));
    const bool opened = before && *before;
    return record(tx, service_.keys,
                  act_of(actor, now, "resource.delete", name,
                         {{"version", std::to_string(version)},
                          {"before", opened ? audit_digest(service_.keys, (*before)->value.expose())
                                            : "damaged"},
                          {"after", ""}}));
  });
  if (refusal) return *std::move(refusal);
  if (!done) return unavailable(done.error());
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
        WARD_TRY(ResourceInfo info, info_of(view, service_.keys, row));
        out.resources.push_back(std::move(info));
      }
      if (rows.size() < store::kMaxListed) return {};
      after = rows.back().key;
    }
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<std::vector<VersionInfo>> Admin::list_versions(const Actor& actor, std::string_view path,
                                                      UnixTime now) const {
  WARD_TRY(const kbs::ResourcePath parsed, path_of(path));
  WARD_CHECK_OK(allow(service_, actor, manages(actor, parsed.repository), path, now));
  std::vector<VersionInfo> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, broker::list_versions(view, service_.keys, parsed.text()));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (out.empty()) return no_such_resource();
  return out;
}

}  // namespace ward::broker
