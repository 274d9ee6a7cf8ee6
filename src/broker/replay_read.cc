#include <algorithm>
#include <utility>

#include "broker/archive.h"
#include "broker/archived_json.h"
#include "broker/policy_admin.h"
#include "broker/records.h"
#include "broker/replay.h"

// What is read of the archive as it stands there: a list, and one record.
namespace ward::broker {
namespace {

constexpr std::size_t kMaxIdShown = 64;

// damaged_line is of an appraisal whose row does not open: the others are listed all the same.
AppraisalLine damaged_line(const std::string& id) {
  return {.id = id,
          .time = archive_time(id),
          .tee = {},
          .policy = {},
          .policy_version = 0,
          .verdict = to_text(attest::Verdict::kUndetermined),
          .failed = {check_info(CheckId::kArchived).id}};
}

}  // namespace

Answer<AppraisalList> Replay::list(const Actor& actor, UnixTime since, const ListPage& page,
                                   UnixTime now) const {
  const bool may = actor.role == Role::kAuditor || may_read(actor, kEvidencePolicyKey);
  WARD_CHECK_OK(allow(service_, actor, may, "appraisals", now));
  AppraisalList out;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(
        const auto ids,
        list_archived(view, std::max(archive_begin(since), std::string(page.after)), page.limit));
    for (const std::string& id : ids) {
      const auto loaded = load_archived(view, service_, id);
      if (!loaded) {
        out.lines.push_back(damaged_line(id));
        continue;
      }
      const std::optional<ArchivedAppraisal>& record = *loaded;
      if (!record) continue;
      out.lines.push_back({record->id, record->time, record->tee, record->policy,
                           record->policy_version, record->verdict, record->failed});
    }
    if (ids.size() == page.limit) out.next = ids.back();
    return {};
  });
  if (!read) return unavailable(read.error());
  return out;
}

Answer<std::string> Replay::show(const Actor& actor, std::string_view id, UnixTime now) const {
  const bool may = actor.role == Role::kAuditor || may_read(actor, kEvidencePolicyKey);
  WARD_CHECK_OK(
      allow(service_, actor, may, "appraisal " + std::string(id.substr(0, kMaxIdShown)), now));
  std::optional<ArchivedAppraisal> record;
  StillKept kept;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(record, load_archived(view, service_, id));
    if (!record) return {};
    WARD_TRY(const auto policy, kept_evidence_policy(view, service_, record->policy_version));
    kept.policy = policy.has_value();
    WARD_TRY(const auto collateral, load_collateral(view, record->collateral));
    kept.collateral = record->collateral == service_.collateral || collateral.has_value();
    return {};
  });
  if (!read) return unavailable(read.error());
  if (!record) return refuse(404, "ResourceNotFound", CheckId::kArchived);
  auto text = archived_json(*record, kept);
  if (!text) return unavailable(text.error());
  return *std::move(text);
}

}  // namespace ward::broker
