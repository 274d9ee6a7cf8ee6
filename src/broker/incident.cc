#include "broker/incident.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "attest/demands.h"
#include "attest/identity.h"
#include "base/writer.h"
#include "broker/incident_rows.h"
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

constexpr std::string_view kType = "IncidentError";
constexpr std::string_view kSubject = "incidents";
constexpr std::size_t kIdRandom = 4;
constexpr std::int64_t kSkew_s = 30;   // between replicas
constexpr std::size_t kIdDigits = 16;  // eight of its time, the rest at random
constexpr std::size_t kMaxNote = 512;
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

bool is_id(std::string_view id) { return id.size() == kIdDigits && is_hex(id); }

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
  std::uint64_t version = 0;          // 0: there is none
  std::vector<IncidentSubject> open;  // of all incidents that are open
};

Result<InForceText> policy_in_force(const Service& service) {
  InForceText out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const SealedRow row, service.keys.rows.get(view, kPolicyTable, kEvidencePolicyKey));
    if (!row.value) return {};
    out.text = std::string(as_text(row.value->expose()));
    out.version = row.version;
    WARD_TRY(out.open, open_subjects(view));
    return {};
  }));
  return out;
}

// tighten puts the policy that refuses the subject in force, and says in the incident which. The
// subjects of all others that are open come with it: one that was opened at the same time, or whose
// opening was broken off, would keep it from coming into force.
Answer<void> tighten(const Service& service, const Actor& actor, Incident& incident, bool apply,
                     UnixTime now) {
  const auto before = policy_in_force(service);
  if (!before) return unavailable(before.error());
  incident.policy_before = before->version;
  incident.policy_after = before->version;
  // Without a policy no evidence is accepted at all.
  if (before->version == 0) return {};
  std::vector<IncidentSubject> subjects = before->open;
  subjects.push_back(incident.subject);
  std::string text = before->text;
  for (const IncidentSubject& subject : subjects) {
    auto more = tightened(text, subject);
    if (!more) return unavailable(more.error());
    if (!more->empty()) text = *std::move(more);
  }
  if (text == before->text) return {};
  if (!apply) {
    WARD_CHECK_OK(checked_evidence_policy(service, as_bytes(text)));
    incident.policy_after = before->version + 1;
    return {};
  }
  WARD_TRY(incident.policy_after, PolicyAdmin(service).set(actor, kEvidencePolicyKey,
                                                           as_bytes(text), now, before->version));
  return {};
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

ledger::Entry opened_entry(const Actor& actor, const Incident& incident) {
  return act_of(actor, incident.opened, "incident.open", incident.id,
                {{"of", to_text(incident.subject.of)},
                 {"value", incident.subject.value},
                 {"before", ""},
                 {"after", "open"}});
}

ledger::Entry listed_entry(const Actor& actor, const Incident& incident, std::string_view report) {
  const std::size_t releases = incident.affected.releases.size();
  return act_of(actor, incident.opened, "incident.listed", incident.id,
                {{"releases", std::to_string(releases + incident.affected.unlisted)},
                 {"unknown", std::to_string(incident.affected.unknown)},
                 {"rotate", std::to_string(incident.rotate.size() + incident.rotate_unlisted)},
                 {"policy_before", std::to_string(incident.policy_before)},
                 {"policy_after", std::to_string(incident.policy_after)},
                 {"report_sha256", to_hex(crypto::sha256(as_bytes(report)))}});
}

// new_id is in the order of time, in hex: so are the rows.
std::string new_id(const Service& service, UnixTime now) {
  Writer seconds;
  seconds.u32be(static_cast<std::uint32_t>(now.seconds));
  return to_hex(seconds.view()) + to_hex(crypto::random_array<kIdRandom>(service.rng));
}

// kTightenAtMost is how often a policy that was changed meanwhile is read again.
constexpr int kTightenAtMost = 16;

// was_overtaken is true where another policy came into force meanwhile, or another incident.
bool was_overtaken(const Refusal& refusal) {
  return std::ranges::any_of(refusal.checks, [](const std::string& id) {
    return id == check_info(CheckId::kPolicyInForce).id ||
           id == check_info(CheckId::kPolicyIncident).id;
  });
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

// begin opens it, before anything else: no policy that does not refuse the subject comes into force
// from here on.
Answer<void> Incidents::begin(const Actor& actor, const Incident& incident) const {
  bool fits = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const bool added, add_open_incident(tx, service_, incident));
    fits = added;
    if (!fits) return Error(Errc::kLimit, "broker.incident: number");
    return record(tx, service_.keys, opened_entry(actor, incident));
  });
  if (done) return {};
  if (fits || done.error().code() != Errc::kLimit) return unavailable(done.error());
  return refuse(409, kType, CheckId::kIncidentOf,
                "There are 1000 open incidents, the most there may be: close those that are over.");
}

// refuse_from_now_on is what cannot wait until the ledger was read. Results are refused also where
// the policy could not be made to.
Answer<void> Incidents::refuse_from_now_on(const Actor& actor, Incident& incident,
                                           UnixTime now) const {
  auto tight = tighten(service_, actor, incident, true, now);
  for (int again = 1; !tight && was_overtaken(tight.error()) && again < kTightenAtMost; ++again) {
    tight = tighten(service_, actor, incident, true, now);
  }
  IncidentScan scan(incident.subject, service_.options.token_life_s);
  const UnixTime since{incident.opened.seconds - service_.options.token_life_s - kSkew_s};
  const auto read = service_.store.read(
      [&](store::View& view) -> Result<void> { return scan.look_back(view, since); });
  if (!read) return unavailable(read.error());
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    IncidentScan rest = scan;  // what came since
    WARD_CHECK_OK(rest.go_on(tx));
    const auto refused = refuse_tokens(tx, service_, rest, incident);
    if (!refused) return refused.error();
    return {};
  });
  if (!done) return unavailable(done.error());
  if (tight || !was_overtaken(tight.error())) return tight;
  Refusal overtaken = tight.error();
  overtaken.status = 409;  // nobody named a version
  return overtaken;
}

// listed reads the ledger.
Answer<Affected> Incidents::listed(IncidentScan& scan, ScanFor what) const {
  const std::unique_lock<std::mutex> mine(scanning_, std::try_to_lock);
  if (!mine.owns_lock()) return refuse(429, kType, CheckId::kIncidentRoom);
  const auto place = ScanPlace::take(what);
  if (!place) return refuse(429, kType, CheckId::kIncidentRoom);
  const auto read =
      service_.store.read([&](store::View& view) -> Result<void> { return scan.go_on(view); });
  if (!read) return unavailable(read.error());
  return scan.affected();
}

// keep writes down what was found.
Answer<void> Incidents::keep(const Actor& actor, const IncidentScan& scan,
                             Incident& incident) const {
  const Incident begun = incident;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    incident = begun;
    IncidentScan rest = scan;  // what came since: from here on nothing can
    WARD_CHECK_OK(rest.go_on(tx));
    incident.affected = rest.affected();
    WARD_TRY(incident.tokens_refused, refuse_tokens(tx, service_, rest, incident));
    WARD_CHECK_OK(mark(tx, rest, incident));
    WARD_CHECK_OK(save_incident(tx, service_, incident));
    WARD_TRY(const std::string report, incident_json(incident, service_.options.name));
    return record(tx, service_.keys, listed_entry(actor, incident, report));
  });
  if (!done) return unavailable(done.error());
  return {};
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
  // What could not come into force is found before anything is changed.
  WARD_CHECK_OK(tighten(service_, actor, out, false, now));
  IncidentScan scan(asked.subject, service_.options.token_life_s);
  if (!asked.apply) {
    WARD_TRY(out.affected, listed(scan, ScanFor::kTrial));
    std::size_t octets = 0;
    for (const auto& [path, version] : scan.versions()) {
      name(out, octets, path);
    }
    return out;
  }
  out.id = new_id(service_, now);
  WARD_CHECK_OK(begin(actor, out));
  WARD_CHECK_OK(refuse_from_now_on(actor, out, now));
  WARD_CHECK_OK(listed(scan, ScanFor::kIncident));
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
      WARD_TRY(auto one, load_incident(view, service_, row.key));
      if (!one) continue;
      one->affected.unlisted += one->affected.releases.size();
      one->affected.releases = {};
      one->rotate = {};
      out.push_back(*std::move(one));
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<Incident> Incidents::get(const Actor& actor, std::string_view id, UnixTime now) const {
  const bool may = actor.role == Role::kAdministrator || actor.role == Role::kAuditor;
  WARD_CHECK_OK(allow(service_, actor, may, kSubject, now));
  if (!is_id(id)) return none();
  std::optional<Incident> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, load_incident(view, service_, id));
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
    WARD_TRY(out, load_incident(tx, service_, id));
    if (!out || !out->closed_by.empty()) return {};
    out->closed_by = actor.name;
    out->closed = now;
    WARD_CHECK_OK(save_incident(tx, service_, *out));
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
