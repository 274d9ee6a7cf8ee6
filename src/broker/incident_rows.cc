#include "broker/incident_rows.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <utility>

#include "broker/records.h"

namespace ward::broker {
namespace {

// of_row is the subject that stands in a row of kOpenIncidentTable: "chip NAME".
std::optional<IncidentSubject> of_row(std::string_view text) {
  for (const IncidentOf of : {IncidentOf::kAdvisory, IncidentOf::kChip, IncidentOf::kWorkload}) {
    const std::string prefix = std::string(to_text(of)) + " ";
    if (text.starts_with(prefix)) {
      return IncidentSubject{of, std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

bool refuses(const EvidencePolicy& policy, const IncidentSubject& subject) {
  const auto is_subject = [&](const std::string& one) { return one == subject.value; };
  switch (subject.of) {
    case IncidentOf::kAdvisory:
      return std::ranges::any_of(policy.refused_advisories, is_subject);
    case IncidentOf::kChip:
      return std::ranges::any_of(policy.refused_platforms, is_subject);
    case IncidentOf::kWorkload:
      return std::ranges::any_of(policy.refused_workloads,
                                 [&](const Buffer& one) { return is_subject(to_hex(one)); });
  }
  return false;
}

static_assert(kMaxIncidents <= store::kMaxListed);

}  // namespace

Result<void> put_over(store::Transaction& tx, std::string_view table, const std::string& key,
                      std::string_view value) {
  WARD_TRY(const store::Row row, tx.get(table, key));
  const auto written = tx.put(table, key, as_bytes(value), row.version);
  if (!written) return written.error();
  return {};
}

Result<void> save_incident(store::Transaction& tx, const Service& service,
                           const Incident& incident) {
  WARD_TRY(const std::string text, incident_json(incident, service.options.name));
  WARD_TRY(const store::Row row, tx.get(kIncidentTable, incident.id));
  const auto written = service.keys.rows.put(tx, kIncidentTable, incident.id, as_bytes(text),
                                             row.version, service.rng);
  if (!written) return written.error();
  return {};
}

Result<std::optional<Incident>> load_incident(store::View& view, const Service& service,
                                              std::string_view id) {
  WARD_TRY(const SealedRow row, service.keys.rows.get(view, kIncidentTable, id));
  if (!row.value) return std::optional<Incident>();
  WARD_TRY(Incident out, parse_incident(row.value->expose()));
  return std::optional(std::move(out));
}

Result<std::vector<IncidentSubject>> open_subjects(store::View& view) {
  std::vector<IncidentSubject> out;
  WARD_TRY(const auto rows, view.list(kOpenIncidentTable, "", "", kMaxIncidents));
  for (const store::Listed& row : rows) {
    auto subject = of_row(as_text(row.value));
    if (!subject) return Error(Errc::kMalformed, "broker.incident: a row is damaged");
    out.push_back(*std::move(subject));
  }
  return out;
}

Result<bool> add_open_incident(store::Transaction& tx, const Service& service,
                               const Incident& incident) {
  WARD_TRY(const auto open, tx.list_keys(kOpenIncidentTable, "", "", kMaxIncidents));
  if (open.size() >= kMaxIncidents) return false;
  WARD_TRY(const auto all, tx.list_keys(kIncidentTable, "", "", kMaxIncidents));
  if (all.size() >= kMaxIncidents) {
    // Their ids are in the order of time: the first that is not open is the oldest that is closed.
    const auto oldest = std::ranges::find_if(all, [&](const store::ListedKey& one) {
      return std::ranges::find(open, one.key, &store::ListedKey::key) == open.end();
    });
    if (oldest == all.end()) return false;
    WARD_CHECK_OK(tx.forget(kIncidentTable, oldest->key));
  }
  WARD_CHECK_OK(put_over(tx, kOpenIncidentTable, incident.id,
                         std::string(to_text(incident.subject.of)) + " " + incident.subject.value));
  WARD_CHECK_OK(save_incident(tx, service, incident));
  return true;
}

Result<std::string> rotation_of(store::View& view, std::string_view path, std::uint64_t version) {
  WARD_TRY(const store::Row row, view.get(kRotationTable, path));
  if (!row.value) return std::string();
  const std::string_view text = as_text(*row.value);
  const auto blank = text.find(' ');
  std::uint64_t marked = 0;
  const char* const end = text.data() + text.size();
  if (blank == std::string_view::npos ||
      std::from_chars(text.data() + blank + 1, end, marked).ptr != end) {
    return Error(Errc::kMalformed, "broker.incident: a mark is damaged");
  }
  return version > marked ? std::string() : std::string(text.substr(0, blank));
}

Result<void> keep_rotation(store::Transaction& tx, std::string_view path, std::uint64_t before,
                           std::uint64_t after) {
  WARD_TRY(const std::string incident, rotation_of(tx, path, before));
  if (incident.empty()) return {};
  return put_over(tx, kRotationTable, std::string(path), incident + " " + std::to_string(after));
}

Result<std::string> refused_token(store::View& view, std::string_view digest) {
  WARD_TRY(const store::Row row, view.get(kRefusedTokenTable, digest));
  return row.value ? std::string(as_text(*row.value)) : std::string();
}

Result<std::string> lifted_incident(store::View& view, const EvidencePolicy& policy) {
  WARD_TRY(const auto rows, view.list(kOpenIncidentTable, "", "", kMaxIncidents));
  for (const store::Listed& row : rows) {
    const auto subject = of_row(as_text(row.value));
    if (!subject) return Error(Errc::kMalformed, "broker.incident: a row is damaged");
    if (!refuses(policy, *subject)) return row.key;
  }
  return std::string();
}

}  // namespace ward::broker
