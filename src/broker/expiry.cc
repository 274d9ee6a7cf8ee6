#include "broker/expiry.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/held.h"
#include "broker/lease.h"
#include "broker/records.h"
#include "broker/reference_values.h"
#include "broker/time_key.h"
#include "crypto/digest.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

constexpr std::string_view kResource = "resource/";
constexpr std::string_view kReferenceValue = "refval/";
constexpr std::size_t kDigestDigits = 32;
constexpr std::string_view kStateTable = "kbs.end.state";
constexpr std::string_view kAllNoted = "all";
constexpr std::string_view kCorrected = "corrected";

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

// note_ended writes the leaf of a note whose time is over. kMalformed, kUntrusted: it, or what it
// names, is damaged.
Result<bool> note_ended(store::Transaction& tx, const Service& service, std::string_view note,
                        Ended ended) {
  if (note.starts_with(kResource)) {
    ended.name = note.substr(kResource.size());
    return resource_ended(tx, service, ended);
  }
  if (note.starts_with(kReferenceValue)) {
    ended.name = note.substr(kReferenceValue.size());
    return value_ended(tx, service, ended);
  }
  return Error(Errc::kMalformed, "broker.expiry: a note is damaged");
}

// end_note takes a note away, with the leaf that it stands for. True where there is one.
Result<bool> end_note(store::Transaction& tx, const Service& service, const store::Listed& row,
                      std::optional<UnixTime> end, UnixTime now) {
  const auto told =
      end ? note_ended(tx, service, as_text(row.value), {.name = {}, .end = *end, .now = now})
          : Result<bool>(Error(Errc::kMalformed, "broker.expiry: a note names no time"));
  if (!told && !is_damage(told.error())) return told.error();
  if (!told) {
    WARD_CHECK_OK(forget_damaged(tx, service.keys, {kEndTable, row.key}, now));
    return true;
  }
  // Whoever writes it again finds version 0, in the one transaction that reads it.
  WARD_CHECK_OK(tx.forget(kEndTable, row.key));
  return *told;
}

Result<std::size_t> end_notes(store::Transaction& tx, const Service& service, UnixTime now) {
  std::size_t count = 0;
  WARD_TRY(const auto rows, tx.list(kEndTable, "", "", kEndsAtOnce));
  for (const store::Listed& row : rows) {
    const auto end = time_in_key(row.key);
    if (end && now < *end) break;
    WARD_TRY(const bool told, end_note(tx, service, row, end, now));
    count += told ? 1 : 0;
  }
  return count;
}

// any_ended is true where record_ends has something to do: readers keep nobody out.
Result<bool> any_ended(store::View& view, UnixTime now) {
  for (const std::string_view table : {kEndTable, kLeaseTable}) {
    WARD_TRY(const auto rows, view.list_keys(table, "", "", 1));
    if (rows.empty()) continue;
    const auto end = time_in_key(rows.front().key);
    if (!end || *end <= now) return true;
  }
  return false;
}

// note_resources notes the ends that lie behind `behind`, of all resources.
Result<void> note_resources(store::Transaction& tx, const Service& service, UnixTime behind) {
  std::string after;
  for (;;) {
    WARD_TRY(const auto rows, tx.list_keys(kResourceTable, "", after, store::kMaxListed));
    for (const store::ListedKey& row : rows) {
      const auto held = load_resource(tx, service.keys, row.key);
      if (!held && !is_damage(held.error())) return held.error();
      // Of what is damaged no end can be told; who asks for it is refused.
      if (!held || !*held) continue;
      const auto end = (*held)->terms.expires;
      if (end && behind < *end) WARD_CHECK_OK(note_end(tx, Ends::kResource, row.key, *end));
    }
    if (rows.size() < store::kMaxListed) return {};
    after = rows.back().key;
  }
}

Result<void> note_values(store::Transaction& tx, const Service& service, UnixTime behind) {
  WARD_TRY(const auto values, tx.list_keys(kReferenceTable, "", "", kMaxReferenceValues));
  for (const store::ListedKey& one : values) {
    const auto value = load_reference_value(tx, service, one.key);
    if (!value && !is_damage(value.error())) return value.error();
    if (!value || !*value || (*value)->expires <= behind) continue;
    WARD_CHECK_OK(note_end(tx, Ends::kReferenceValue, one.key, (*value)->expires));
  }
  return {};
}

// Corrected is the row that note_corrected writes: the time, and the index of the leaf that set it.
struct Corrected {
  UnixTime time;
  std::uint64_t index = 0;
};

Result<Corrected> parse_corrected(Bytes row) {
  Reader r(row);
  std::uint64_t seconds = 0;
  Corrected out;
  if (!r.u64be(seconds) || !r.u64be(out.index) || !r.empty()) {
    return Error(Errc::kMalformed, "broker.expiry: a row is damaged");
  }
  out.time = {static_cast<std::int64_t>(seconds)};
  return out;
}

// lease_told is the lease whose end a leaf tells; nullopt for another leaf, and for an end that is
// not behind `behind`.
std::optional<Lease> lease_told(const ledger::Entry& entry, UnixTime behind) {
  if (entry.kind != "expiry.lease") return std::nullopt;
  const auto detail = [&](std::string_view name) -> std::string {
    const auto found =
        std::ranges::find(entry.details, name, &std::pair<std::string, std::string>::first);
    return found == entry.details.end() ? std::string() : found->second;
  };
  const auto until = parse_rfc3339(detail("ended"));
  auto workload = from_hex(entry.actor);
  const std::string text = detail("version");
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (!until || *until <= behind || !workload || error != std::errc()) return std::nullopt;
  return Lease{.id = detail("lease"),
               .resource = entry.subject,
               .version = version,
               .workload = *std::move(workload),
               .until = *until};
}

// restore_leases reads back over what the wrong clock wrote. Entries follow each other in time, but
// for what the ledger lets a clock step back.
Result<void> restore_leases(store::Transaction& tx, const Service& service,
                            const Corrected& corrected) {
  const std::int64_t before = corrected.time.seconds - ledger::kMaxClockStepBack_s;
  for (std::uint64_t i = corrected.index; i > 0; --i) {
    WARD_TRY(const Buffer octets, ledger::read_leaf(tx, i - 1));
    WARD_TRY(const ledger::Leaf leaf, ledger::parse_leaf(octets));
    if (leaf.entry.time.seconds < before) return {};
    const auto lease = lease_told(leaf.entry, corrected.time);
    if (lease) WARD_CHECK_OK(restore_lease(tx, service, *lease));
  }
  return {};
}

Result<void> note_once(store::Transaction& tx, const Service& service, UnixTime now) {
  WARD_TRY(const store::Row row, tx.get(kStateTable, kAllNoted));
  if (row.value) return {};
  WARD_CHECK_OK(note_resources(tx, service, {}));
  WARD_CHECK_OK(note_values(tx, service, {}));
  const auto written = tx.put(kStateTable, kAllNoted, as_bytes(format_rfc3339(now)), row.version);
  if (!written) return written.error();
  return {};
}

Result<void> note_again(store::Transaction& tx, const Service& service) {
  WARD_TRY(const store::Row row, tx.get(kStateTable, kCorrected));
  if (!row.value) return {};
  WARD_TRY(const Corrected corrected, parse_corrected(*row.value));
  WARD_CHECK_OK(note_resources(tx, service, corrected.time));
  WARD_CHECK_OK(note_values(tx, service, corrected.time));
  WARD_CHECK_OK(restore_leases(tx, service, corrected));
  const auto erased = tx.erase(kStateTable, kCorrected, row.version);
  if (!erased) return erased.error();
  return {};
}

}  // namespace

Result<void> note_end(store::Transaction& tx, Ends what, std::string_view name, UnixTime end) {
  const std::string note =
      std::string(what == Ends::kResource ? kResource : kReferenceValue) + std::string(name);
  const std::string key =
      time_key(end) + "-" + to_hex(crypto::sha256(as_bytes(note))).substr(0, kDigestDigits);
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
  std::size_t notes_ended = 0;
  std::size_t leases_ended = 0;
  if (!any) return notes_ended;
  // Each in a transaction of its own: what is wrong with the ones holds the others not up.
  const auto notes = service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(notes_ended, end_notes(tx, service, now));
    return {};
  });
  WARD_CHECK_OK(service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(leases_ended, end_leases(tx, service.keys, kEndsAtOnce, now));
    return {};
  }));
  WARD_CHECK_OK(notes);
  return notes_ended + leases_ended;
}

Result<void> note_all_ends(const Service& service, UnixTime now) {
  WARD_TRY(const store::Row before, service.store.get(kStateTable, kAllNoted));
  WARD_TRY(const store::Row corrected, service.store.get(kStateTable, kCorrected));
  if (before.value && !corrected.value) return {};
  return service.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_CHECK_OK(note_once(tx, service, now));
    return note_again(tx, service);
  });
}

Result<void> note_corrected(store::Transaction& tx, std::uint64_t index, UnixTime now) {
  WARD_TRY(const store::Row row, tx.get(kStateTable, kCorrected));
  Writer w;
  w.u64be(static_cast<std::uint64_t>(std::max<std::int64_t>(now.seconds, 0)));
  w.u64be(index);
  const auto written = tx.put(kStateTable, kCorrected, w.view(), row.version);
  if (!written) return written.error();
  return {};
}

bool is_damage(const Error& error) {
  return error.code() == Errc::kMalformed || error.code() == Errc::kUntrusted ||
         error.code() == Errc::kLimit;
}

Result<void> forget_damaged(store::Transaction& tx, const Keys& keys, const DamagedRow& row,
                            UnixTime now) {
  WARD_CHECK_OK(tx.forget(row.table, row.key));
  // The key may be whatever somebody wrote into the store: its digest names it.
  return record(tx, keys,
                {now,
                 "expiry.damaged",
                 "",
                 "",
                 {{"table", std::string(row.table)},
                  {"key_sha256", to_hex(crypto::sha256(as_bytes(row.key)))}}});
}

}  // namespace ward::broker
