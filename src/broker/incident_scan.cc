#include "broker/incident_scan.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "broker/facts.h"
#include "broker/platform_ids.h"
#include "ledger/ledger.h"

namespace ward::broker {
namespace {

constexpr std::size_t kReleaseOverhead = 160;  // of one in JSON, beside its members' values
constexpr int kTrialsAtOnce = 1;
constexpr int kIncidentsAtOnce = 2;
constexpr std::int64_t kSkew_s = 60;  // between replicas, and what a clock is corrected by

std::optional<std::string_view> detail(const ledger::Entry& entry, std::string_view name) {
  for (const auto& [key, value] : entry.details) {
    if (key == name) return value;
  }
  return std::nullopt;
}

// lists is true where a word is one of several with a blank between.
bool lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto end = words.find(' ');
    if (words.substr(0, end) == word) return true;
    words = end == std::string_view::npos ? std::string_view() : words.substr(end + 1);
  }
  return false;
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

bool issues_result(const ledger::Entry& entry) {
  return entry.kind == "attestation" || entry.kind == "appraisal";
}

Result<ledger::Leaf> leaf_at(store::View& view, std::uint64_t index) {
  WARD_TRY(const Buffer octets, ledger::read_leaf(view, index));
  WARD_TRY(ledger::Leaf leaf, ledger::parse_leaf(octets));
  if (leaf.index != index) return Error(Errc::kMalformed, "broker.incident: a leaf's place");
  return leaf;
}

}  // namespace

std::optional<ScanPlace> ScanPlace::take(ScanFor what) {
  static std::atomic<int> trials = 0;
  static std::atomic<int> incidents = 0;
  const bool trial = what == ScanFor::kTrial;
  std::atomic<int>& taken = trial ? trials : incidents;
  if (taken.fetch_add(1) < (trial ? kTrialsAtOnce : kIncidentsAtOnce)) return ScanPlace(taken);
  taken.fetch_sub(1);
  return std::nullopt;
}

ScanPlace::~ScanPlace() {
  if (taken_ != nullptr) taken_->fetch_sub(1);
}

IncidentScan::IncidentScan(IncidentSubject subject, std::int64_t token_life_s)
    : subject_(std::move(subject)), token_life_s_(token_life_s) {
  if (subject_.of == IncidentOf::kWorkload) workload_ = from_hex(subject_.value).value_or(Buffer());
}

bool IncidentScan::is_workload(const ledger::Entry& entry) const {
  if (subject_.of != IncidentOf::kWorkload) return false;
  const auto field = from_hex(entry.actor);
  return field && names_workload(workload_, *field);
}

Result<void> IncidentScan::go_on(store::View& view) {
  WARD_TRY(const ledger::Head head, ledger::read_head(view));
  while (affected_.ledger_size < head.size) {
    const std::uint64_t index = affected_.ledger_size++;
    WARD_TRY(const ledger::Leaf leaf, leaf_at(view, index));
    if (issues_result(leaf.entry)) take_attestation(leaf.entry);
    if (leaf.entry.kind == "release") take_release(index, leaf.entry);
  }
  return {};
}

Result<void> IncidentScan::look_back(store::View& view, UnixTime since) {
  WARD_TRY(const ledger::Head head, ledger::read_head(view));
  for (std::uint64_t index = head.size; index > 0; --index) {
    WARD_TRY(const ledger::Leaf leaf, leaf_at(view, index - 1));
    if (leaf.entry.time.seconds + kSkew_s < since.seconds) break;
    if (issues_result(leaf.entry)) take_attestation(leaf.entry);
  }
  affected_.ledger_size = head.size;
  return {};
}

std::set<std::string> IncidentScan::tokens_since(UnixTime time) const {
  std::set<std::string> out;
  for (const auto& [sha256, token] : tokens_) {
    // What is not known of a result that may still be shown is refused with the rest.
    if (token.issued >= time) out.insert(sha256);
  }
  return out;
}

void IncidentScan::take_attestation(const ledger::Entry& entry) {
  const auto platforms = detail(entry, "platforms");
  const auto advisories = detail(entry, "advisories");
  const auto token = detail(entry, "token_sha256");
  if (!token) return;
  bool known = true;
  bool affected = false;
  switch (subject_.of) {
    case IncidentOf::kWorkload:
      affected = is_workload(entry);
      break;
    case IncidentOf::kChip:
      known = platforms && !lists(*platforms, kUnnamedPlatform);
      affected = platforms && lists(*platforms, subject_.value);
      break;
    case IncidentOf::kAdvisory:
      known = advisories.has_value();
      affected = known && lists(*advisories, subject_.value);
      break;
  }
  if (known && !affected) {
    const std::int64_t past = entry.time.seconds - token_life_s_ - kSkew_s;
    while (!unaffected_since_.empty() && unaffected_since_.front().first.seconds < past) {
      unaffected_.erase(unaffected_since_.front().second);
      unaffected_since_.pop_front();
    }
    if (unaffected_.emplace(*token).second) unaffected_since_.emplace_back(entry.time, *token);
    return;
  }
  tokens_[std::string(*token)] = {
      .issued = entry.time, .affected = affected, .platforms = std::string(platforms.value_or(""))};
}

void IncidentScan::take_release(std::uint64_t index, const ledger::Entry& entry) {
  const std::string token(detail(entry, "token_sha256").value_or(""));
  const auto found = tokens_.find(token);
  const bool affected = is_workload(entry) || (found != tokens_.end() && found->second.affected);
  if (!affected) {
    // A release's own leaf says which workload it was; of the rest its attestation's has to.
    const bool silent = subject_.of != IncidentOf::kWorkload && !unaffected_.contains(token);
    affected_.unknown += silent ? 1 : 0;
    return;
  }
  const std::string version(detail(entry, "resource_version").value_or(""));
  std::uint64_t& newest = versions_[entry.subject];
  newest = std::max(newest, number(version));
  list({.index = index,
        .time = entry.time,
        .resource = entry.subject,
        .version = version,
        .workload = entry.actor,
        .platforms = found == tokens_.end() ? std::string() : found->second.platforms,
        .lease = std::string(detail(entry, "lease").value_or(""))});
}

void IncidentScan::list(AffectedRelease release) {
  const std::size_t octets = release.resource.size() + release.version.size() +
                             release.workload.size() + release.platforms.size() +
                             release.lease.size() + kReleaseOverhead;
  const bool full =
      affected_.releases.size() == kMaxListedReleases || listed_octets_ + octets > kMaxListedBytes;
  if (full) {
    ++affected_.unlisted;
    return;
  }
  listed_octets_ += octets;
  affected_.releases.push_back(std::move(release));
}

}  // namespace ward::broker
