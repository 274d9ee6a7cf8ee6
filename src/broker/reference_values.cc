#include "broker/reference_values.h"

#include <utility>

#include "broker/expiry.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

using refval::ReferenceValue;

constexpr std::string_view kType = "RvpsError";
constexpr std::string_view kSubject = "reference values";
constexpr codec::JsonLimits kLimits{.max_bytes = 128U << 10U, .max_depth = 8};

Error damaged() { return {Errc::kMalformed, "broker: a reference value in the store is damaged"}; }

Result<std::string> write(const ReferenceValue& value) {
  codec::JsonWriter w;
  w.begin_object().member("expires", format_rfc3339(value.expires));
  w.name("value").raw_json(value.value);
  return w.end_object().take();
}

Result<ReferenceValue> read(std::string_view id, Bytes row) {
  const auto json = codec::parse_json(row, kLimits);
  const auto* expires = json ? json->find("expires") : nullptr;
  const auto* value = json ? json->find("value") : nullptr;
  if (expires == nullptr || value == nullptr) return damaged();
  const auto time = parse_rfc3339(expires->as_string().value_or(""));
  if (!time) return damaged();
  return ReferenceValue{std::string(id), std::string(as_text(value->raw(row))), *time};
}

bool is_list(const ReferenceValue& value) { return value.value.starts_with('['); }

// may_set is why a value may not take the place of what there is; nullopt where it may.
Result<std::optional<Refusal>> may_set(store::View& view, const Service& service,
                                       const ReferenceValue& value, UnixTime now) {
  if (now >= value.expires) {
    return std::optional(refuse(409, kType, CheckId::kReferenceUnexpired,
                                value.id + " ends " + format_rfc3339(value.expires) + "."));
  }
  if (is_list(value)) return std::optional<Refusal>();
  WARD_TRY(const auto before, load_reference_value(view, service, value.id));
  if (!before || now >= before->expires || !is_list(*before)) return std::optional<Refusal>();
  return std::optional(refuse(409, kType, CheckId::kReferenceKind, value.id + " is a list."));
}

Refusal none() { return refuse(404, kType, CheckId::kReferenceValue); }

// set_one writes one value, and its leaf.
Result<void> set_one(store::Transaction& tx, const Service& service, const Actor& actor,
                     const ReferenceValue& value, UnixTime now) {
  WARD_TRY(const store::Row row, tx.get(kReferenceTable, value.id));
  WARD_TRY(const std::string text, write(value));
  WARD_TRY(const std::string before, digest_before(tx, service.keys, kReferenceTable, value.id));
  WARD_TRY(const std::uint64_t version,
           service.keys.rows.put(tx, kReferenceTable, value.id, as_bytes(text), row.version,
                                 service.rng));
  WARD_CHECK_OK(note_end(tx, Ends::kReferenceValue, value.id, value.expires));
  return record(tx, service.keys,
                act_of(actor, now, "refval.set", value.id,
                       {{"sha256", to_hex(crypto::sha256(as_bytes(value.value)))},
                        {"expires", format_rfc3339(value.expires)},
                        {"version", std::to_string(version)},
                        {"before", before},
                        {"after", to_hex(crypto::sha256(as_bytes(text)))}}));
}

// too_many is true where there are more than may be, or they are longer than may be: all of them
// are read for each evidence that a policy looks them up for.
Result<bool> too_many(store::View& view, std::uint64_t most) {
  std::size_t number = 0;
  std::size_t octets = 0;
  std::string after;
  for (;;) {
    WARD_TRY(const auto page, view.list(kReferenceTable, "", after, kMaxListedValues));
    if (page.empty()) return false;
    for (const store::Listed& row : page) {
      ++number;
      octets += row.value.size();
    }
    if (number > most || octets > kMaxReferenceBytes) return true;
    after = page.back().key;
  }
}

}  // namespace

Result<std::optional<ReferenceValue>> load_reference_value(store::View& view,
                                                           const Service& service,
                                                           std::string_view id) {
  WARD_TRY(const auto row, service.keys.rows.get(view, kReferenceTable, id));
  if (!row.value) return std::optional<ReferenceValue>();
  WARD_TRY(ReferenceValue value, read(id, row.value->expose()));
  return std::optional(std::move(value));
}

Result<std::string> load_reference_values(store::View& view, const Service& service, UnixTime at) {
  WARD_TRY(const auto keys, view.list_keys(kReferenceTable, "", "", kMaxReferenceValues));
  std::vector<ReferenceValue> values;
  for (const store::ListedKey& key : keys) {
    WARD_TRY(auto value, load_reference_value(view, service, key.key));
    if (value) values.push_back(*std::move(value));
  }
  return refval::to_json(values, at);
}

static_assert(kMaxReferenceValues <= store::kMaxListed);

Answer<std::size_t> ReferenceAdmin::set(const Actor& actor,
                                        const std::vector<ReferenceValue>& values,
                                        UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, may_read(actor, kEvidencePolicyKey), kSubject, now));
  const std::uint64_t quota = service_.options.quotas.reference_values;
  bool full = false;
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    full = false;
    for (const ReferenceValue& value : values) {
      WARD_TRY(refusal, may_set(tx, service_, value, now));
      if (refusal) return Error(Errc::kDenied, "broker: a reference value may not be set");
      WARD_CHECK_OK(set_one(tx, service_, actor, value, now));
    }
    WARD_TRY(full, too_many(tx, quota));
    if (full) return Error(Errc::kLimit, "broker: reference values");
    return {};
  });
  if (refusal) return *std::move(refusal);
  if (full) {
    return refuse(
        409, kType, CheckId::kReferenceRoom,
        "There may be " + std::to_string(quota) + " reference values, and 4 MiB of them.");
  }
  if (!done) return unavailable(done.error());
  return values.size();
}

static_assert(kMaxReferenceValues == Quotas{}.reference_values);
static_assert(kMaxReferenceBytes == 4U << 20U);

Answer<ReferenceValue> ReferenceAdmin::get(const Actor& actor, std::string_view id,
                                           UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, may_read(actor, kEvidencePolicyKey), kSubject, now));
  if (!refval::is_id(id)) return none();
  std::optional<ReferenceValue> value;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(value, load_reference_value(view, service_, id));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (!value || now >= value->expires) return none();
  return *std::move(value);
}

Answer<void> ReferenceAdmin::remove(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, may_read(actor, kEvidencePolicyKey), kSubject, now));
  if (!refval::is_id(id)) return none();
  bool absent = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kReferenceTable, id));
    absent = !row.value;
    if (absent) return Error(Errc::kUnavailable, "broker: no such reference value");
    WARD_TRY(const std::string before, digest_before(tx, service_.keys, kReferenceTable, id));
    WARD_TRY(const std::uint64_t version, tx.erase(kReferenceTable, id, row.version));
    return record(
        tx, service_.keys,
        act_of(actor, now, "refval.remove", id,
               {{"version", std::to_string(version)}, {"before", before}, {"after", ""}}));
  });
  if (absent) return none();
  if (!done) return unavailable(done.error());
  return {};
}

Answer<ReferenceList> ReferenceAdmin::list(const Actor& actor, std::string_view after, UnixTime now,
                                           std::size_t limit) const {
  WARD_CHECK_OK(allow(service_, actor, may_read(actor, kEvidencePolicyKey), kSubject, now));
  ReferenceList out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto keys, view.list_keys(kReferenceTable, "", after, limit));
    for (const store::ListedKey& key : keys) {
      WARD_TRY(auto value, load_reference_value(view, service_, key.key));
      if (value) out.values.push_back(*std::move(value));
    }
    if (keys.size() == limit) out.next = keys.back().key;
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

}  // namespace ward::broker
