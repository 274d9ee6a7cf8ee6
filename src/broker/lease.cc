#include "broker/lease.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/writer.h"
#include "broker/expiry.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "broker/time_key.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kType = "LeaseError";
constexpr std::size_t kIdDigits = 16;
constexpr std::size_t kSharedOctets = 32;  // of a workload's field: SNP's HOST_DATA has no more
constexpr std::size_t kIdRandom = 8;
constexpr codec::JsonLimits kLimits{.max_bytes = 8192, .max_depth = 2};

Error damaged() { return {Errc::kMalformed, "broker.lease: a row is damaged"}; }

std::string_view repository_in(std::string_view resource) {
  return resource.substr(0, resource.find('/'));
}

Result<std::string> write(const Lease& lease) {
  JsonWriter w;
  w.begin_object().member("resource", lease.resource).member("version", lease.version);
  w.member("workload", to_hex(lease.workload)).member("until", format_rfc3339(lease.until));
  return w.end_object().take();
}

Result<std::string> write(const Revocation& revocation) {
  JsonWriter w;
  w.begin_object().member("resource", revocation.resource).member("workload", revocation.workload);
  w.member("lease", revocation.lease).member("by", revocation.by);
  w.member("time", format_rfc3339(revocation.time));
  return w.end_object().take();
}

// Members reads an object whose members all must be there.
class Members {
 public:
  static Result<Members> of(const SecretBytes& row) {
    auto json = codec::parse_json(row.expose(), kLimits);
    if (!json || !json->is_object()) return damaged();
    return Members(*std::move(json));
  }

  std::string text(std::string_view name) {
    const JsonValue* value = object_.find(name);
    const auto out = value != nullptr ? value->as_string() : std::nullopt;
    right_ = right_ && out.has_value();
    return std::string(out.value_or(""));
  }

  std::uint64_t number(std::string_view name) {
    const JsonValue* value = object_.find(name);
    const auto out = value != nullptr ? value->as_uint() : std::nullopt;
    right_ = right_ && out.has_value();
    return out.value_or(0);
  }

  UnixTime time(std::string_view name) {
    const auto out = parse_rfc3339(text(name));
    right_ = right_ && out.has_value();
    return out.value_or(UnixTime{});
  }

  Buffer octets(std::string_view name) {
    auto out = from_hex(text(name));
    right_ = right_ && out.has_value();
    return out ? *std::move(out) : Buffer{};
  }

  [[nodiscard]] bool right() const { return right_; }

 private:
  explicit Members(JsonValue object) : object_(std::move(object)) {}

  JsonValue object_;
  bool right_ = true;
};

Result<std::optional<Lease>> load_lease(store::View& view, const Keys& keys, std::string_view id) {
  using Loaded = std::optional<Lease>;
  if (id.empty() || id.size() > store::kMaxKeyBytes) return Loaded{};
  WARD_TRY(const SealedRow row, keys.rows.get(view, kLeaseTable, id));
  if (!row.value) return Loaded{};
  WARD_TRY(Members members, Members::of(*row.value));
  Lease out{.id = std::string(id),
            .resource = members.text("resource"),
            .version = members.number("version"),
            .workload = members.octets("workload"),
            .until = members.time("until")};
  if (!members.right()) return damaged();
  return Loaded{std::move(out)};
}

Result<std::optional<Revocation>> load_revocation(store::View& view, const Keys& keys,
                                                  std::string_view id) {
  using Loaded = std::optional<Revocation>;
  if (id.empty() || id.size() > store::kMaxKeyBytes) return Loaded{};
  WARD_TRY(const SealedRow row, keys.rows.get(view, kRevocationTable, id));
  if (!row.value) return Loaded{};
  WARD_TRY(Members members, Members::of(*row.value));
  Revocation out{.id = std::string(id),
                 .resource = members.text("resource"),
                 .workload = members.text("workload"),
                 .lease = members.text("lease"),
                 .by = members.text("by"),
                 .time = members.time("time")};
  if (!members.right()) return damaged();
  return Loaded{std::move(out)};
}

// newest_of is the id of the lease that a workload has of a resource, the newest; empty where it is
// not known: an earlier version did not write it down.
Result<std::string> newest_of(store::View& view, const Lease& lease) {
  WARD_TRY(const store::Row row,
           view.get(kNewestLeaseTable, revocation_id(lease.resource, lease.workload)));
  return row.value ? std::string(as_text(*row.value)) : std::string();
}

// end_one forgets a lease that is over, with a leaf unless a newer one took its place.
Result<bool> end_one(store::Transaction& tx, const Keys& keys, const std::string& id,
                     UnixTime now) {
  const auto loaded = load_lease(tx, keys, id);
  if (!loaded && !is_damage(loaded.error())) return loaded.error();
  if (!loaded || !*loaded) {
    WARD_CHECK_OK(forget_damaged(tx, keys, {kLeaseTable, id}, now));
    return true;
  }
  const std::optional<Lease>& lease = *loaded;
  WARD_TRY(const std::string newest, newest_of(tx, *lease));
  WARD_CHECK_OK(tx.forget(kLeaseTable, id));
  if (!newest.empty() && newest != id) return false;
  WARD_CHECK_OK(tx.forget(kNewestLeaseTable, revocation_id(lease->resource, lease->workload)));
  WARD_CHECK_OK(record(tx, keys,
                       {now,
                        "expiry.lease",
                        to_hex(lease->workload),
                        lease->resource,
                        {{"lease", id},
                         {"ended", format_rfc3339(lease->until)},
                         {"version", std::to_string(lease->version)}}}));
  return true;
}

// each_row calls `take` for the rows behind `after` until it says that it has enough.
Result<void> each_row(store::View& view, std::string_view table, std::string_view after,
                      const std::function<Result<bool>(const std::string& id)>& take) {
  std::string from(after);
  for (;;) {
    WARD_TRY(const auto rows, view.list_keys(table, "", from, store::kMaxListed));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(const bool more, take(row.key));
      if (!more) return {};
    }
    if (rows.size() < store::kMaxListed) return {};
    from = rows.back().key;
  }
}

Result<bool> full(store::View& view) {
  std::size_t count = 0;
  std::string after;
  while (count < kMaxRevocations) {
    WARD_TRY(const auto page, view.list_keys(kRevocationTable, "", after, store::kMaxListed));
    if (page.empty()) return false;
    count += page.size();
    after = page.back().key;
  }
  return true;
}

}  // namespace

std::string revocation_id(std::string_view resource, Bytes workload) {
  Writer w;
  w.bytes(as_bytes("ward revocation 1"));
  w.u16be(static_cast<std::uint16_t>(resource.size()));
  w.bytes(as_bytes(resource));
  w.bytes(workload.first(std::min(workload.size(), kSharedOctets)));
  return to_hex(crypto::sha256(w.view())).substr(0, 2 * kIdDigits);
}

Result<std::optional<Revocation>> find_revocation(store::View& view, const Keys& keys,
                                                  std::string_view resource, Bytes workload) {
  return load_revocation(view, keys, revocation_id(resource, workload));
}

Result<std::optional<Refusal>> no_lease(store::View& view, const Service& service, UnixTime now) {
  const std::uint64_t most = service.options.quotas.leases;
  std::uint64_t count = 0;
  std::string after = time_key({now.seconds + 1});  // behind those that are over
  while (count < most) {
    WARD_TRY(const auto page, view.list_keys(kLeaseTable, "", after, store::kMaxListed));
    count += page.size();
    if (page.size() < store::kMaxListed) break;
    after = page.back().key;
  }
  if (count < most) return std::optional<Refusal>();
  return std::optional(over_quota(429, kType, "leases", count + 1, most));
}

Result<std::size_t> end_leases(store::Transaction& tx, const Keys& keys, std::size_t most,
                               UnixTime now) {
  std::size_t count = 0;
  WARD_TRY(const auto rows, tx.list_keys(kLeaseTable, "", "", most));
  for (const store::ListedKey& row : rows) {
    // What names no time stands before or behind all that do: it is damaged, and end_one says so.
    const auto end = time_in_key(row.key);
    if (end && now < *end) break;
    WARD_TRY(const bool told, end_one(tx, keys, row.key, now));
    count += told ? 1 : 0;
  }
  return count;
}

Result<Lease> grant(store::Transaction& tx, const Service& service, Lease lease, UnixTime now) {
  WARD_CHECK_OK(end_leases(tx, service.keys, kForgottenLeases, now));
  lease.id = time_key(lease.until) + "-" + to_hex(crypto::random_array<kIdRandom>(service.rng));
  WARD_TRY(const std::string text, write(lease));
  WARD_CHECK_OK(service.keys.rows.put(tx, kLeaseTable, lease.id, as_bytes(text), 0, service.rng));
  const std::string pair = revocation_id(lease.resource, lease.workload);
  WARD_TRY(const store::Row newest, tx.get(kNewestLeaseTable, pair));
  WARD_CHECK_OK(tx.put(kNewestLeaseTable, pair, as_bytes(lease.id), newest.version));
  return lease;
}

Result<void> restore_lease(store::Transaction& tx, const Service& service, const Lease& lease) {
  WARD_TRY(const store::Row row, tx.get(kLeaseTable, lease.id));
  if (row.value) return {};
  WARD_TRY(const std::string text, write(lease));
  WARD_CHECK_OK(
      service.keys.rows.put(tx, kLeaseTable, lease.id, as_bytes(text), row.version, service.rng));
  const std::string pair = revocation_id(lease.resource, lease.workload);
  WARD_TRY(const store::Row newest, tx.get(kNewestLeaseTable, pair));
  if (newest.value) return {};
  WARD_CHECK_OK(tx.put(kNewestLeaseTable, pair, as_bytes(lease.id), newest.version));
  return {};
}

Answer<Page<LeaseLine>> Leases::list(const Actor& actor, std::string_view after, std::size_t limit,
                                     UnixTime now) const {
  Page<LeaseLine> out;
  // Those that are over stand before all others.
  const std::string from = std::max(std::string(after), time_key({now.seconds + 1}));
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    return each_row(view, kLeaseTable, from, [&](const std::string& id) -> Result<bool> {
      WARD_TRY(auto lease, load_lease(view, service_.keys, id));
      if (!lease) return damaged();
      if (!manages(actor, repository_in(lease->resource))) return true;
      if (out.lines.size() == limit) {
        out.next = out.lines.back().lease.id;
        return false;
      }
      WARD_TRY(const auto revoked,
               find_revocation(view, service_.keys, lease->resource, lease->workload));
      out.lines.push_back({.lease = *std::move(lease), .revoked = revoked.has_value()});
      return true;
    });
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<Revocation> Leases::revoke(const Actor& actor, std::string_view id, UnixTime now) const {
  std::optional<Lease> lease;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(lease, load_lease(view, service_.keys, id));
    return {};
  });
  if (!read) return unavailable(read.error());
  // To him who may not know of it, it is not there.
  if (!lease || lease->until <= now || !manages(actor, repository_in(lease->resource))) {
    return refuse(404, "ResourceNotFound", CheckId::kLeaseExists);
  }
  Revocation out{.id = revocation_id(lease->resource, lease->workload),
                 .resource = lease->resource,
                 .workload = to_hex(lease->workload),
                 .lease = lease->id,
                 .by = actor.name,
                 .time = now};
  bool no_room = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kRevocationTable, out.id));
    WARD_TRY(no_room, full(tx));
    no_room = no_room && !row.value;
    if (no_room) return Error(Errc::kLimit, "broker.lease: revocations");
    WARD_TRY(const std::string text, write(out));
    WARD_CHECK_OK(service_.keys.rows.put(tx, kRevocationTable, out.id, as_bytes(text), row.version,
                                         service_.rng));
    return record(tx, service_.keys,
                  act_of(actor, now, "lease.revoke", out.resource,
                         {{"lease", out.lease},
                          {"workload", out.workload},
                          {"revocation", out.id},
                          {"before", row.value ? "revoked" : "granted"},
                          {"after", "revoked"}}));
  });
  if (no_room) {
    return refuse(409, kType, CheckId::kResourceRoom,
                  "The service holds 10000 revocations, the most it may.");
  }
  if (!done) return unavailable(done.error());
  return out;
}

Answer<Page<Revocation>> Leases::revocations(const Actor& actor, std::string_view after,
                                             std::size_t limit) const {
  Page<Revocation> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    return each_row(view, kRevocationTable, after, [&](const std::string& id) -> Result<bool> {
      WARD_TRY(auto one, load_revocation(view, service_.keys, id));
      if (!one) return damaged();
      if (!manages(actor, repository_in(one->resource))) return true;
      if (out.lines.size() == limit) {
        out.next = out.lines.back().id;
        return false;
      }
      out.lines.push_back(*std::move(one));
      return true;
    });
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<void> Leases::lift(const Actor& actor, std::string_view id, UnixTime now) const {
  bool absent = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const auto one, load_revocation(tx, service_.keys, id));
    absent = !one || !manages(actor, repository_in(one->resource));
    if (absent) return Error(Errc::kUnavailable, "broker.lease: no such revocation");
    WARD_TRY(const store::Row row, tx.get(kRevocationTable, id));
    WARD_CHECK_OK(tx.erase(kRevocationTable, id, row.version));
    return record(tx, service_.keys,
                  act_of(actor, now, "lease.lift", one->resource,
                         {{"workload", one->workload},
                          {"revocation", one->id},
                          {"before", "revoked"},
                          {"after", "granted"}}));
  });
  if (absent) return refuse(404, "ResourceNotFound", CheckId::kLeaseExists);
  if (!done) return unavailable(done.error());
  return {};
}

static_assert(kMaxRevocations == 10000);

}  // namespace ward::broker
