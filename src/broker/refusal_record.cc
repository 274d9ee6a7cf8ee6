#include "broker/refusal_record.h"

#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "broker/records.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

// Interval is the row of one class.
struct Interval {
  UnixTime begin;
  std::uint32_t recorded = 0;    // leaves in this interval
  std::uint64_t unrecorded = 0;  // refusals without one
};

Result<Interval> parse(Bytes octets) {
  Interval out;
  std::uint64_t begin = 0;
  Reader r(octets);
  if (!r.u64be(begin) || !r.u32be(out.recorded) || !r.u64be(out.unrecorded) || !r.empty()) {
    return Error(Errc::kMalformed, "broker.refusal: row");
  }
  out.begin = {static_cast<std::int64_t>(begin)};
  return out;
}

Result<void> put(store::Transaction& tx, std::string_view class_name, const Interval& interval,
                 std::uint64_t expected) {
  Writer w;
  w.u64be(static_cast<std::uint64_t>(interval.begin.seconds));
  w.u32be(interval.recorded);
  w.u64be(interval.unrecorded);
  const auto written = tx.put(kRefusalTable, class_name, w.view(), expected);
  if (!written) return written.error();
  return {};
}

// over is true where the interval has ended, or lies in a future that the clock was corrected from.
bool over(const Interval& interval, UnixTime now) {
  return now.seconds >= interval.begin.seconds + kRefusalInterval_s ||
         now.seconds < interval.begin.seconds - ledger::kMaxClockStepBack_s;
}

// bounded_ids writes ids up to a size, then how many more there are.
std::string bounded_ids(const std::vector<std::string>& ids) {
  std::string out;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (out.size() + ids[i].size() > kMaxRefusalIds) {
      return out + " +" + std::to_string(ids.size() - i);
    }
    out += (out.empty() ? "" : " ") + ids[i];
  }
  return out;
}

ledger::Entry entry_of(const RefusedAct& act, const Refusal& refusal) {
  return {.time = act.now,
          .kind = "refusal",
          .actor = act.actor,
          .subject = act.subject,
          .details = {{"checks", bounded_ids(refusal.checks)},
                      {"passed", bounded_ids(refusal.passed)},
                      {"type", refusal.body.type}}};
}

}  // namespace

std::string administrator_class(std::string_view name) {
  return "administrator/" + std::string(name);
}

Result<bool> record_bounded(store::Transaction& tx, const Keys& keys, std::string_view class_name,
                            std::uint32_t most, const ledger::Entry& entry) {
  WARD_CHECK_OK(record_counts(tx, keys, entry.time));
  WARD_TRY(const store::Row row, tx.get(kRefusalTable, class_name));
  Interval interval{.begin = entry.time};
  if (row.value) {
    WARD_TRY(const Interval old, parse(*row.value));
    if (!over(old, entry.time)) interval = old;
  }
  const bool singly = interval.recorded < most;
  if (singly) {
    ++interval.recorded;
    WARD_CHECK_OK(record(tx, keys, entry));
  } else {
    ++interval.unrecorded;
  }
  WARD_CHECK_OK(put(tx, class_name, interval, row.version));
  return singly;
}

Result<bool> record_refusal(store::Transaction& tx, const Keys& keys, const RefusedAct& act,
                            const Refusal& refusal) {
  return record_bounded(tx, keys, act.class_name, kRefusalsPerInterval, entry_of(act, refusal));
}

Refusal record_refusal(const Service& service, const RefusedAct& act, Refusal refusal) {
  const auto done = service.store.transact([&](store::Transaction& tx) -> Result<void> {
    const auto recorded = record_refusal(tx, service.keys, act, refusal);
    if (!recorded) return recorded.error();
    return {};
  });
  if (!done) return unavailable(done.error());
  return refusal;
}

Result<void> record_counts(store::Transaction& tx, const Keys& keys, UnixTime now) {
  WARD_TRY(const auto rows, tx.list(kRefusalTable, "", "", store::kMaxListed));
  for (const store::Listed& row : rows) {
    WARD_TRY(const Interval interval, parse(row.value));
    if (interval.unrecorded == 0 || !over(interval, now)) continue;
    const auto appended = ledger::append(
        tx, keys.ledger,
        {.time = now,
         .kind = std::string(row.key == kStatedAppraisal ? kUnrecordedAppraisals : kUnrecordedKind),
         .actor = {},
         .subject = row.key,
         .details = {{"count", std::to_string(interval.unrecorded)},
                     {"since", format_rfc3339(interval.begin)}}});
    if (!appended) return appended.error();
    WARD_CHECK_OK(put(tx, row.key, Interval{.begin = now}, row.version));
  }
  return {};
}

}  // namespace ward::broker
