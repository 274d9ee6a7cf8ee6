#include "broker/incident.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <semaphore>
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
constexpr std::ptrdiff_t kScansAtOnce = 2;  // of the ledger, in this process
constexpr codec::JsonLimits kPolicyLimits{.max_bytes = kMaxPolicyBytes, .max_depth = 8};

bool is_hex(std::string_view text) {
  return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
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
      // A workload may have been written in either case, or longer.
      if (one.as_string() && lower(*one.as_string()) == lower(subject.value)) return std::string();
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

Result<std::uint64_t> refuse_tokens(store::Transaction& tx, const Service& service,
                                    const IncidentScan& scan, const Incident& incident) {
  const UnixTime since{incident.opened.seconds - service.options.token_life_s - kSkew_s};
  const auto tokens = scan.tokens_since(since);
  for (const std::string& one : tokens) {
    WARD_CHECK_OK(put_over(tx, kRefusedTokenTable, one, incident.id));
  }
  return tokens.size();
}

// name lists a path to rotate, while there is room.
void name(Incident& incident, std::size_t& octets, const std::string& path) {
  octets += path.size();
  if (octets > kMaxListedPathBytes) {
    ++incident.rotate_unlisted;
  } else {
    incident.rotate.push_back(path);
  }
}

// mark marks for rotation what was released to the subject.
Result<void> mark(store::Transaction& tx, const IncidentScan& scan, Incident& incident) {
  std::size_t octets = 0;
  for (const auto& [path, version] : scan.versions()) {
    WARD_TRY(const store::Row row, tx.get(kResourceTable, path));
    // What was deleted, or written anew since, needs no other.
    if (!row.value || row.version > version) continue;
    WARD_CHECK_OK(put_over(tx, kRotationTable, path, incident.id + " " + std::to_string(version)));
    name(incident, octets, path);
  }
  return {};
}

ledger::Entry opened_entry(const Actor& actor, const Incident& incident, std::string_view report) {
  const std::size_t releases = incident.affected.releases.size();
  return act_of(actor, incident.opened, "incident.open", incident.id,
                {{"of", to_text(incident.subject.of)},
                 {"value", incident.subject.value},
                 {"releases", std::to_string(releases + incident.affected.unlisted)},
                 {"rotate", std::to_string(incident.rotate.size() + incident.rotate_unlisted)},
                 {"policy_before", std::to_string(incident.policy_before)},
                 {"policy_after", std::to_string(incident.policy_after)},
                 {"report_sha256", to_hex(crypto::sha256(as_bytes(report)))},
                 {"before", ""},
                 {"after", "open"}});
}

// make_room forgets the oldest incident that is closed, where there are as many as may be; false
// where all of them are open. Its leaves stay.
Result<bool> make_room(store::Transaction& tx, const Service& service) {
  WARD_TRY(const auto rows, tx.list_keys(kIncidentTable, "", "", kMaxIncidents));
  if (rows.size() < kMaxIncidents) return true;
  std::optional<Incident> oldest;
  for (const store::ListedKey& row : rows) {
    WARD_TRY(auto one, load(tx, service, row.key));
    if (!one || one->closed_by.empty()) continue;
    if (!oldest || one->opened < oldest->opened) oldest = std::move(one);
  }
  if (!oldest) return false;
  WARD_CHECK_OK(tx.forget(kIncidentTable, oldest->id));
  return true;
}

// has_room is true where one more may be opened.
Result<bool> has_room(store::View& view) {
  WARD_TRY(const auto rows, view.list_keys(kOpenIncidentTable, "", "", kMaxIncidents));
  return rows.size() < kMaxIncidents;
}

Refusal full() {
  return refuse(409, kType, CheckId::kIncidentOf,
                "There are 1000 open incidents, the most there may be: close those that are over.");
}

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

// listed reads the ledger. Threads that answer requests are few, and a ledger may be long.
Answer<Affected> Incidents::listed(IncidentScan& scan) const {
  static std::counting_semaphore<kScansAtOnce> room(kScansAtOnce);
  const std::unique_lock<std::mutex> mine(scanning_, std::try_to_lock);
  if (!mine.owns_lock() || !room.try_acquire()) {
    return refuse(429, kType, CheckId::kIncidentRoom);
  }
  const auto read =
      service_.store.read([&](store::View& view) -> Result<void> { return scan.go_on(view); });
  room.release();
  if (!read) return unavailable(read.error());
  return scan.affected();
}

// refuse_from_now_on is what cannot wait until the ledger was read.
Answer<void> Incidents::refuse_from_now_on(const Actor& actor, Incident& incident,
                                           UnixTime now) const {
  bool fits = false;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(fits, has_room(view));
    return {};
  });
  if (!read) return unavailable(read.error());
  if (!fits) return full();
  WARD_CHECK_OK(tighten(service_, actor, incident, true, now));
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    IncidentScan scan(incident.subject, service_.options.token_life_s);
    WARD_CHECK_OK(
        scan.look_back(tx, {incident.opened.seconds - service_.options.token_life_s - kSkew_s}));
    const auto refused = refuse_tokens(tx, service_, scan, incident);
    if (!refused) return refused.error();
    return {};
  });
  if (!done) return unavailable(done.error());
  return {};
}

// keep writes down what was found, where the policy still is what refuse_from_now_on made it.
Answer<void> Incidents::keep(const Actor& actor, const IncidentScan& scan,
                             Incident& incident) const {
  bool fits = false;
  bool current = false;
  const Incident begun = incident;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    incident = begun;
    WARD_TRY(current, evidence_policy_is(tx, incident.policy_after));
    if (!current) return Error(Errc::kStale, "broker.incident: the policy was changed");
    WARD_TRY(const bool some, has_room(tx));
    fits = some;
    if (fits) {
      WARD_TRY(fits, make_room(tx, service_));
    }
    if (!fits) return Error(Errc::kLimit, "broker.incident: number");
    IncidentScan rest = scan;  // what came since: from here on nothing can
    WARD_CHECK_OK(rest.go_on(tx));
    incident.affected = rest.affected();
    WARD_TRY(incident.tokens_refused, refuse_tokens(tx, service_, rest, incident));
    WARD_CHECK_OK(mark(tx, rest, incident));
    WARD_CHECK_OK(
        put_over(tx, kOpenIncidentTable, incident.id,
                 std::string(to_text(incident.subject.of)) + " " + incident.subject.value));
    WARD_CHECK_OK(save(tx, service_, incident));
    WARD_TRY(const std::string report, incident_json(incident, service_.options.name));
    return record(tx, service_.keys, opened_entry(actor, incident, report));
  });
  if (done) return {};
  if (!current && done.error().code() == Errc::kStale) {
    return refuse(409, kType, CheckId::kPolicyVersion,
                  "Another version came into force meanwhile; open the incident again.");
  }
  if (!fits && done.error().code() == Errc::kLimit) return full();
  return unavailable(done.error());
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
  IncidentScan scan(asked.subject, service_.options.token_life_s);
  if (!asked.apply) {
    WARD_CHECK_OK(tighten(service_, actor, out, false, now));
    WARD_TRY(out.affected, listed(scan));
    std::size_t octets = 0;
    for (const auto& [path, version] : scan.versions()) {
      name(out, octets, path);
    }
    return out;
  }
  out.id = to_hex(crypto::random_array<kIdRandom>(service_.rng));
  WARD_CHECK_OK(refuse_from_now_on(actor, out, now));
  WARD_CHECK_OK(listed(scan));
  WARD_CHECK_OK(keep(actor, scan, out));
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
    WARD_CHECK_OK(tx.forget(kOpenIncidentTable, out->id));
    WARD_TRY(const std::string report, incident_json(*out, service_.options.name));
    return record(tx, service_.keys,
                  act_of(actor, now, "incident.close", out->id,
                         {{"report_sha256", to_hex(crypto::sha256(as_bytes(report)))},
                          {"before", "open"},
                          {"after", "closed"}}));
  });
  if (!done) return unavailable(done.error());
  if (!out) return none();
  return *std::move(out);
}

}  // namespace ward::broker
