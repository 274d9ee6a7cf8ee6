#include "broker/incident_scan.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "ledger/ledger.h"

namespace ward::broker {
namespace {

constexpr std::size_t kSharedDigits = 64;  // of a workload's field: what all TEEs have of it

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

bool same_workload(std::string_view a, std::string_view b) {
  return a.size() >= kSharedDigits && a.substr(0, kSharedDigits) == b.substr(0, kSharedDigits);
}

std::uint64_t number(std::string_view text) {
  std::uint64_t out = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

Result<void> IncidentScan::go_on(store::View& view) {
  WARD_TRY(const ledger::Head head, ledger::read_head(view));
  while (affected_.ledger_size < head.size) {
    const std::uint64_t index = affected_.ledger_size++;
    WARD_TRY(const Buffer octets, ledger::read_leaf(view, index));
    WARD_TRY(const ledger::Leaf leaf, ledger::parse_leaf(octets));
    if (leaf.index != index) return Error(Errc::kMalformed, "broker.incident: a leaf's place");
    if (leaf.entry.kind == "attestation") take_attestation(leaf.entry);
    if (leaf.entry.kind == "release") take_release(index, leaf.entry);
  }
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
      affected = same_workload(entry.actor, subject_.value);
      break;
    case IncidentOf::kChip:
      known = platforms.has_value();
      affected = known && lists(*platforms, subject_.value);
      break;
    case IncidentOf::kAdvisory:
      known = advisories.has_value();
      affected = known && lists(*advisories, subject_.value);
      break;
  }
  if (known && !affected) return;
  tokens_[std::string(*token)] = {
      .issued = entry.time, .affected = affected, .platforms = std::string(platforms.value_or(""))};
}

void IncidentScan::take_release(std::uint64_t index, const ledger::Entry& entry) {
  const auto found = tokens_.find(std::string(detail(entry, "token_sha256").value_or("")));
  const bool by_workload =
      subject_.of == IncidentOf::kWorkload && same_workload(entry.actor, subject_.value);
  if (found == tokens_.end() && !by_workload) return;
  if (found != tokens_.end() && !found->second.affected && !by_workload) {
    ++affected_.unknown;
    return;
  }
  const std::string version(detail(entry, "resource_version").value_or(""));
  std::uint64_t& newest = versions_[entry.subject];
  newest = std::max(newest, number(version));
  if (affected_.releases.size() == kMaxListedReleases) {
    ++affected_.unlisted;
    return;
  }
  affected_.releases.push_back(
      {.index = index,
       .time = entry.time,
       .resource = entry.subject,
       .version = version,
       .workload = entry.actor,
       .platforms = found == tokens_.end() ? std::string() : found->second.platforms,
       .lease = std::string(detail(entry, "lease").value_or(""))});
}

}  // namespace ward::broker
