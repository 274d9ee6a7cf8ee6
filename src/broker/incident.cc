#include "broker/incident.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "attest/demands.h"
#include "attest/identity.h"
#include "broker/incident_scan.h"
#include "broker/policy_admin.h"
#include "broker/records.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kType = "PluginInternalError";
constexpr std::string_view kSubject = "incidents";
constexpr std::size_t kIdRandom = 8;
constexpr std::int64_t kSkew_s = 30;  // between replicas
constexpr std::size_t kMaxNote = 512;
constexpr codec::JsonLimits kPolicyLimits{.max_bytes = kMaxPolicyBytes, .max_depth = 8};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool is_id(std::string_view id) { return id.size() == 2 * kIdRandom && is_hex(id); }

Refusal none() { return refuse(404, "ResourceNotFound", CheckId::kIncidentExists); }

// list_of is the policy's list that a subject goes into.
std::string_view list_of(IncidentOf of) {
  switch (of) {
    case IncidentOf::kAdvisory:
      return "refused_advisories";
    case IncidentOf::kChip:
      return "refused_platforms";
    case IncidentOf::kWorkload:
      return "refused_workloads";
  }
  return "";
}

// tightened is a policy with the subject in its list; empty where it stands there already.
Result<std::string> tightened(const std::string& policy, const IncidentSubject& subject) {
  const auto root = codec::parse_json(as_bytes(policy), kPolicyLimits);
  if (!root || !root->is_object()) {
    return Error(Errc::kMalformed, "broker.incident: the policy in force is damaged");
  }
  const std::string_view list = list_of(subject.of);
  JsonWriter w;
  w.begin_object();
  for (const auto& [name, value] : root->members()) {
    if (name != list) w.name(name).copy(value);
  }
  w.name(list).begin_array();
  if (const JsonValue* before = root->find(list)) {
    for (const JsonValue& one : before->items()) {
      if (one.as_string() == subject.value) return std::string();
      w.copy(one);
    }
  }
  return w.string(subject.value).end_array().end_object().take();
}

// InForceText is the policy for evidence as it stands.
struct InForceText {
  std::string text;
  std::uint64_t version = 0;  // 0: there is none
};

Result<InForceText> policy_in_force(const Service& service) {
  InForceText out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const SealedRow row, service.keys.rows.get(view, kPolicyTable, kEvidencePolicyKey));
    if (!row.value) return {};
    out = {std::string(as_text(row.value->expose())), row.version};
    return {};
  }));
  return out;
}

// tighten puts the policy that refuses the subject in force, and says in the incident which.
Answer<void> tighten(const Service& service, const Actor& actor, Incident& incident, bool apply,
                     UnixTime now) {
  const auto before = policy_in_force(service);
  if (!before) return unavailable(before.error());
  incident.policy_before = before->version;
  incident.policy_after = before->version;
  // Without a policy no evidence is accepted at all.
  if (before->version == 0) return {};
  const auto text = tightened(before->text, incident.subject);
  if (!text) return unavailable(text.error());
  if (text->empty()) return {};
  if (!apply) {
    WARD_CHECK_OK(checked_evidence_policy(service, as_bytes(*text)));
    incident.policy_after = before->version + 1;
    return {};
  }
  WARD_TRY(incident.policy_after, PolicyAdmin(service).set(actor, kEvidencePolicyKey,
                                                           as_bytes(*text), now, before->version));
  return {};
}

Result<void> put_over(store::Transaction& tx, std::string_view table, const std::string& key,
                      std::string_view value) {
  WARD_TRY(const store::Row row, tx.get(table, key));
  const auto written = tx.put(table, key, as_bytes(value), row.version);
  if (!written) return written.error();
  return {};
}

Result<void> save(store::Transaction& tx, const Service& service, const Incident& incident) {
  WARD_TRY(const std::string text, incident_json(incident, service.options.name));
  WARD_TRY(const store::Row row, tx.get(kIncidentTable, incident.id));
  const auto written = service.keys.rows.put(tx, kIncidentTable, incident.id, as_bytes(text),
                                             row.version, service.rng);
  if (!written) return written.error();
  return {};
}

Result<std::optional<Incident>> load(store::View& view, const Service& service,
                                     std::string_view id) {
  WARD_TRY(const SealedRow row, service.keys.rows.get(view, kIncidentTable, id));
  if (!row.value) return std::optional<Incident>();
  WARD_TRY(Incident out, parse_incident(row.value->expose()));
  return std::optional(std::move(out));
}

// mark refuses what was issued to the subject lately and marks what it got.
Result<void> mark(store::Transaction& tx, const Service& service, const IncidentScan& scan,
                  Incident& incident) {
  const UnixTime since{incident.opened.seconds - service.options.token_life_s - kSkew_s};
  const auto tokens = scan.tokens_since(since);
  for (const std::string& one : tokens) {
    WARD_CHECK_OK(put_over(tx, kRefusedTokenTable, one, incident.id));
  }
  incident.tokens_refused = tokens.size();
  for (const auto& [path, version] : scan.versions()) {
    WARD_TRY(const store::Row row, tx.get(kResourceTable, path));
    // What was deleted, or written anew since, needs no other.
    if (!row.value || row.version > version) continue;
    WARD_CHECK_OK(put_over(tx, kRotationTable, path, incident.id + " " + std::to_string(version)));
    incident.rotate.push_back(path);
  }
  return {};
}

ledger::Entry opened_entry(const Actor& actor, const Incident& incident, std::string_view report) {
  const std::size_t releases = incident.affected.releases.size();
  return act_of(actor, incident.opened, "incident.open", incident.id,
                {{"of", to_text(incident.subject.of)},
                 {"value", incident.subject.value},
                 {"releases", std::to_string(releases + incident.affected.unlisted)},
                 {"rotate", std::to_string(incident.rotate.size())},
                 {"policy_before", std::to_string(incident.policy_before)},
                 {"policy_after", std::to_string(incident.policy_after)},
                 {"report_sha256", to_hex(crypto::sha256(as_bytes(report)))},
                 {"before", ""},
                 {"after", "open"}});
}

Result<bool> room(store::View& view) {
  WARD_TRY(const auto rows, view.list_keys(kIncidentTable, "", "", kMaxIncidents));
  return rows.size() < kMaxIncidents;
}

static_assert(kMaxIncidents <= store::kMaxListed);

}  // namespace

std::optional<IncidentSubject> incident_subject(const PlatformIds& ids, IncidentOf of,
                                                std::string_view text) {
  switch (of) {
    case IncidentOf::kAdvisory: {
      auto id = attest::advisory_id(text);
      if (!id) return std::nullopt;
      return IncidentSubject{of, *std::move(id)};
    }
    case IncidentOf::kChip: {
      if (text.starts_with(attest::kSaltedMark)) {
        const std::string_view name = text.substr(attest::kSaltedMark.size());
        if (name.size() < kPlatformDigits || name.size() > 64 || !is_hex(name)) return std::nullopt;
        return IncidentSubject{of, std::string(name.substr(0, kPlatformDigits))};
      }
      const auto chip = attest::chip_id(text);
      if (!chip) return std::nullopt;
      return IncidentSubject{of, ids.name(*chip)};
    }
    case IncidentOf::kWorkload: {
      const auto octets = from_hex(text);
      if (!octets || octets->size() < 32 || octets->size() > 64) return std::nullopt;
      return IncidentSubject{of, to_hex(*octets)};
    }
  }
  return std::nullopt;
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

Result<std::string> refused_token(store::View& view, std::string_view token_sha256) {
  WARD_TRY(const store::Row row, view.get(kRefusedTokenTable, token_sha256));
  return row.value ? std::string(as_text(*row.value)) : std::string();
}

Answer<Incident> Incidents::open(const Actor& actor, const NewIncident& asked, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  if (asked.note.size() > kMaxNote) {
    return refuse(400, kType, CheckId::kMessageForm, "note: at most 512 octets.");
  }
  Incident out{.id = {},
               .subject = asked.subject,
               .note = asked.note,
               .opened_by = actor.name,
               .opened = now,
               .rotate = {},
               .affected = {},
               .closed_by = {},
               .closed = {}};
  WARD_CHECK_OK(tighten(service_, actor, out, asked.apply, now));
  IncidentScan scan(asked.subject);
  const auto read =
      service_.store.read([&](store::View& view) -> Result<void> { return scan.go_on(view); });
  if (!read) return unavailable(read.error());
  if (!asked.apply) {
    out.affected = scan.affected();
    for (const auto& [path, version] : scan.versions()) {
      out.rotate.push_back(path);
    }
    return out;
  }
  out.id = to_hex(crypto::random_array<kIdRandom>(service_.rng));
  bool full = false;
  const Incident begun = out;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    out = begun;
    WARD_TRY(const bool fits, room(tx));
    full = !fits;
    if (full) return Error(Errc::kLimit, "broker.incident: number");
    IncidentScan rest = scan;  // what came since: from here on nothing can
    WARD_CHECK_OK(rest.go_on(tx));
    out.affected = rest.affected();
    WARD_CHECK_OK(mark(tx, service_, rest, out));
    WARD_CHECK_OK(save(tx, service_, out));
    WARD_TRY(const std::string report, incident_json(out, service_.options.name));
    return record(tx, service_.keys, opened_entry(actor, out, report));
  });
  if (full) {
    return refuse(409, kType, CheckId::kIncidentOf,
                  "There are 1000 incidents, the most there may be.");
  }
  if (!done) return unavailable(done.error());
  return out;
}

Answer<std::vector<Incident>> Incidents::list(const Actor& actor, UnixTime now) const {
  const bool may = actor.role == Role::kAdministrator || actor.role == Role::kAuditor;
  WARD_CHECK_OK(allow(service_, actor, may, kSubject, now));
  std::vector<Incident> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(kIncidentTable, "", "", kMaxIncidents));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(auto one, load(view, service_, row.key));
      if (one) out.push_back(*std::move(one));
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  std::ranges::stable_sort(out, {}, [](const Incident& one) { return one.opened.seconds; });
  return out;
}

Answer<Incident> Incidents::get(const Actor& actor, std::string_view id, UnixTime now) const {
  const bool may = actor.role == Role::kAdministrator || actor.role == Role::kAuditor;
  WARD_CHECK_OK(allow(service_, actor, may, kSubject, now));
  if (!is_id(id)) return none();
  std::optional<Incident> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, load(view, service_, id));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (!out) return none();
  return *std::move(out);
}

Answer<std::string> Incidents::report(const Incident& incident) const {
  const auto sign = [&]() -> Result<std::string> {
    WARD_TRY(const std::string text, incident_json(incident, service_.options.name));
    return token::sign_jws({.algorithm = token::JwsAlgorithm::kEdDsa,
                            .kid = service_.keys.ledger.key.name(),
                            .sign = service_.keys.ledger.sign},
                           kIncidentReportType, as_bytes(text));
  };
  auto out = sign();
  if (!out) return unavailable(out.error());
  return *std::move(out);
}

Answer<Incident> Incidents::close(const Actor& actor, std::string_view id, UnixTime now) const {
  WARD_CHECK_OK(allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now));
  if (!is_id(id)) return none();
  std::optional<Incident> out;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(out, load(tx, service_, id));
    if (!out || !out->closed_by.empty()) return {};
    out->closed_by = actor.name;
    out->closed = now;
    WARD_CHECK_OK(save(tx, service_, *out));
    return record(
        tx, service_.keys,
        act_of(actor, now, "incident.close", out->id, {{"before", "open"}, {"after", "closed"}}));
  });
  if (!done) return unavailable(done.error());
  if (!out) return none();
  return *std::move(out);
}

}  // namespace ward::broker
