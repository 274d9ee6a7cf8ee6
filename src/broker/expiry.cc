#include "broker/expiry.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/held.h"
#include "broker/lease.h"
#include "broker/records.h"
#include "broker/reference_values.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

constexpr std::string_view kResource = "resource/";
constexpr std::string_view kReferenceValue = "refval/";
constexpr std::size_t kTimeDigits = 16;
constexpr std::size_t kDigestDigits = 32;
constexpr std::string_view kStateTable = "kbs.end.state";
constexpr std::string_view kAllNoted = "all";

std::string hex_of_time(UnixTime time) {
  Writer w;
  w.u64be(static_cast<std::uint64_t>(std::max<std::int64_t>(time.seconds, 0)));
  return to_hex(w.take());
}

Result<UnixTime> time_in(std::string_view key) {
  const auto octets = from_hex(key.substr(0, kTimeDigits));
  std::uint64_t seconds = 0;
  if (!octets || !Reader(*octets).u64be(seconds)) {
    return Error(Errc::kMalformed, "broker.expiry: a row is damaged");
  }
  return UnixTime{static_cast<std::int64_t>(seconds)};
}

// Ended is what a note says.
struct Ended {
  std::string_view name;
  UnixTime end;
  UnixTime now;
};

ledger::Entry entry_of(const char* kind, const Ended& ended) {
  return {ended.now, kind, "", std::string(ended.name), {{"ended", format_rfc3339(ended.end)}}};
}

// resource_ended writes the leaf where the newest version has this end. True where it did.
Result<bool> resource_ended(store::Transaction& tx, const Service& service, const Ended& ended) {
  WARD_TRY(const auto held, load_resource(tx, service.keys, ended.name));
  if (!held || held->terms.expires != ended.end) return false;
  ledger::Entry entry = entry_of("expiry.resource", ended);
  entry.details.emplace_back("version", std::to_string(held->version));
  WARD_CHECK_OK(record(tx, service.keys, entry));
  return true;
}

Result<bool> value_ended(store::Transaction& tx, const Service& service, const Ended& ended) {
  WARD_TRY(const auto value, load_reference_value(tx, service, ended.name));
  if (!value || value->expires != ended.end) return false;
  WARD_CHECK_OK(record(tx, service.keys, entry_of("expiry.refval", ended)));
  return true;
}

Result<std::size_t> end_notes(store::Transaction& tx, const Service& service, UnixTime now) {
  std::size_t count = 0;
  WARD_TRY(const auto rows, tx.list(kEndTable, "", "", kEndsAtOnce));
  for (const store::Listed& row : rows) {
    WARD_TRY(const UnixTime end, time_in(row.key));
    if (now < end) break;
    const std::string_view note = as_text(row.value);
    bool told = false;
    if (note.starts_with(kResource)) {
      WARD_TRY(told, resource_ended(tx, service, {note.substr(kResource.size()), end, now}));
    } else if (note.starts_with(kReferenceValue)) {
      WARD_TRY(told, value_ended(tx, service, {note.substr(kReferenceValue.size()), end, now}));
    } else {
      return Error(Errc::kMalformed, "broker.expiry: a row is damaged");
    }
    // Whoever writes it again finds version 0, in the one transaction that reads it.
    WARD_CHECK_OK(tx.forget(kEndTable, row.key));
    count += told ? 1 : 0;
  }
  return count;
}

// any_ended is true where record_ends has something to do: readers keep nobody out.
Result<bool> any_ended(store::View& view, UnixTime now) {
  for (const std::string_view table : {kEndTable, kLeaseTable}) {
    WARD_TRY(const auto rows, view.list_keys(table, "", "", 1));
    if (rows.empty()) continue;
    WARD_TRY(const UnixTime end, time_in(rows.front().key));
    if (end <= now) return true;
  }
  return false;
}

Result<void> note_resources(store::Transaction& tx, const Service& service) {
  std::string after;
  for (;;) {
    WARD_TRY(const auto rows, tx.list_keys(kResourceTable, "", after, store::kMaxListed));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(const auto held, load_resource(tx, service.keys, row.key));
      if (!held || !held->terms.expires) continue;
      WARD_CHECK_OK(note_end(tx, Ends::kResource, row.key, *held->terms.expires));
    }
    if (rows.size() < store::kMaxListed) return {};
    after = rows.back().key;
  }
}

}  // namespace

Result<void> note_end(store::Transaction& tx, Ends what, std::string_view name, UnixTime end) {
  const std::string note =
      std::string(what == Ends::kResource ? kResource : kReferenceValue) + std::string(name);
  const std::string key =
      hex_of_time(end) + "-" + to_hex(crypto::sha256(as_bytes(note))).substr(0, kDigestDigits);
  WARD_TRY(const store::Row row, tx.get(kEndTable, key));
  if (row.value) return {};
  const auto written = tx.put(kEndTable, key, as_bytes(note), row.version);
  if (!written) return written.error();
  return {};
}

Result<std::size_t> record_ends(const Service& service, UnixTime now) {
  bool any = false;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(any, any_ended(view, now));
    return {};
  }));
  std::size_t count = 0;
  if (!any) return count;
  WARD_CHECK_OK(service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const std::size_t notes, end_notes(tx, service, now));
    WARD_TRY(const std::size_t leases, end_leases(tx, service.keys, kEndsAtOnce, now));
    count = notes + leases;
    return {};
  }));
  return count;
}

Result<void> note_all_ends(const Service& service, UnixTime now) {
  WARD_TRY(const store::Row before, service.store.get(kStateTable, kAllNoted));
  if (before.value) return {};
  return service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kStateTable, kAllNoted));
    if (row.value) return {};
    WARD_CHECK_OK(note_resources(tx, service));
    WARD_TRY(const auto values, tx.list_keys(kReferenceTable, "", "", kMaxReferenceValues));
    for (const store::ListedKey& one : values) {
      WARD_TRY(const auto value, load_reference_value(tx, service, one.key));
      if (!value) continue;
      WARD_CHECK_OK(note_end(tx, Ends::kReferenceValue, one.key, value->expires));
    }
    const auto written = tx.put(kStateTable, kAllNoted, as_bytes(format_rfc3339(now)), row.version);
    if (!written) return written.error();
    return {};
  });
}

}  // namespace ward::broker
