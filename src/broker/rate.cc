#include "broker/rate.h"

#include <optional>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"

namespace ward::broker {
namespace {

constexpr std::string_view kAppraisals = "appraisals";
constexpr std::int64_t kMinute_s = 60;

}  // namespace

Answer<void> count_appraisal(const Service& service, std::string_view type, UnixTime now) {
  const std::uint64_t most = service.options.quotas.appraisals_per_minute;
  if (most >= Quotas{}.appraisals_per_minute) return {};
  const auto minute = static_cast<std::uint64_t>(now.seconds / kMinute_s);
  std::optional<Refusal> refusal;
  const auto done = service.store.transact([&](store::Transaction& tx) -> Result<void> {
    refusal.reset();
    WARD_TRY(const store::Row row, tx.get(kRateTable, kAppraisals));
    std::uint64_t of = 0;
    std::uint64_t count = 0;
    if (row.value) {
      Reader r(*row.value);
      if (!r.u64be(of) || !r.u64be(count)) {
        return Error(Errc::kMalformed, "broker.rate: a row is damaged");
      }
    }
    if (of != minute) count = 0;
    if (count >= most) {
      refusal = over_quota(429, type, "appraisals_per_minute", count + 1, most);
      return {};
    }
    Writer w;
    w.u64be(minute);
    w.u64be(count + 1);
    const auto written = tx.put(kRateTable, kAppraisals, w.view(), row.version);
    if (!written) return written.error();
    return {};
  });
  if (!done) return unavailable(done.error());
  if (refusal) return *std::move(refusal);
  return {};
}

}  // namespace ward::broker
