#include "broker/policy_admin.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/writer.h"
#include "broker/incident.h"
#include "broker/records.h"
#include "broker/refusal_record.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;
using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kParse = "ParsePolicyError";
constexpr std::string_view kDefault = "default_";
constexpr std::string_view kVersionSchema = "ward.policy-version/1";
constexpr codec::JsonLimits kPolicyLimits{.max_bytes = kMaxPolicyBytes, .max_depth = 8};
constexpr codec::JsonLimits kVersionLimits{.max_bytes = store::kMaxValueBytes, .max_depth = 4};

Error damaged() { return {Errc::kMalformed, "broker: a policy's version in the store is damaged"}; }

// is_policy_key is true of "evidence", "results/*" and the repositories that paths may name.
bool is_policy_key(std::string_view key) {
  if (key == kEvidencePolicyKey) return true;
  const std::string_view repository = repository_of(key);
  if (key != results_policy_key(repository)) return false;
  return repository == kAnyRepository ||
         kbs::parse_resource_path(std::string(repository) + "/x/x").has_value();
}

// version_key orders the versions of one policy by their number.
std::string version_key(std::string_view key, std::uint64_t version) {
  Writer number;
  number.u64be(version);
  return std::string(key) + "/" + to_hex(number.view());
}

std::optional<std::uint64_t> version_of(std::string_view key) {
  const std::string_view digits = key.substr(key.rfind('/') + 1);
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

// Kept is a version with its text.
struct Kept {
  PolicyVersion info;
  std::string text;
};

Result<std::string> write_kept(const Kept& kept) {
  JsonWriter w;
  w.begin_object().member("schema", kVersionSchema);
  w.member("time", format_rfc3339(kept.info.time)).member("actor", kept.info.actor);
  return w.member("policy", kept.text).end_object().take();
}

Result<Kept> read_kept(Bytes row, std::uint64_t version) {
  const auto json = codec::parse_json(row, kVersionLimits);
  const auto text = [&](std::string_view name) {
    const JsonValue* value = json ? json->find(name) : nullptr;
    return value != nullptr ? value->as_string() : std::nullopt;
  };
  const auto time = parse_rfc3339(text("time").value_or(""));
  if (text("schema") != kVersionSchema || !time || !text("actor") || !text("policy")) {
    return damaged();
  }
  std::string policy(*text("policy"));
  const std::string digest = to_hex(crypto::sha256(as_bytes(policy)));
  return Kept{{version, *time, std::string(*text("actor")), digest, false}, std::move(policy)};
}

Result<std::optional<Kept>> load_kept(store::View& view, const Service& service,
                                      std::string_view key, std::uint64_t version) {
  WARD_TRY(const auto row,
           service.keys.rows.get(view, kPolicyVersionTable, version_key(key, version)));
  if (!row.value) return std::optional<Kept>();
  WARD_TRY(Kept kept, read_kept(row.value->expose(), version));
  return std::optional(std::move(kept));
}

// text_of is a policy as it is in force, or was in that version; nullopt where there is none.
Result<std::optional<PolicyText>> text_of(store::View& view, const Service& service,
                                          std::string_view key,
                                          std::optional<std::uint64_t> version) {
  WARD_TRY(const auto row, service.keys.rows.get(view, kPolicyTable, key));
  if (row.value && version.value_or(row.version) == row.version) {
    return std::optional(PolicyText{std::string(as_text(row.value->expose())), row.version});
  }
  if (!version) return std::optional<PolicyText>();
  WARD_TRY(auto kept, load_kept(view, service, key, *version));
  if (!kept) return std::optional<PolicyText>();
  return std::optional(PolicyText{std::move(kept->text), *version});
}

// forget_oldest keeps as many versions as may be kept.
Result<void> forget_oldest(store::Transaction& tx, std::string_view key, std::uint64_t kept) {
  WARD_TRY(const auto rows,
           tx.list_keys(kPolicyVersionTable, std::string(key) + "/", "", store::kMaxListed));
  for (std::size_t i = 0; i + kept < rows.size(); ++i) {
    WARD_CHECK_OK(tx.forget(kPolicyVersionTable, rows[i].key));
  }
  return {};
}

// no_room is why there can be no other policy than those that there are; nullopt where `row` is one
// of them, or there is room.
Result<std::optional<Refusal>> no_room(store::View& view, const Service& service,
                                       const store::Row& row) {
  const std::uint64_t most = service.options.quotas.policies;
  std::uint64_t count = 0;
  std::string after;
  while (!row.value && count < most) {
    WARD_TRY(const auto page, view.list_keys(kPolicyTable, "", after, store::kMaxListed));
    if (page.empty()) return std::optional<Refusal>();
    count += page.size();
    after = page.back().key;
  }
  if (row.value) return std::optional<Refusal>();
  return std::optional(over_quota(409, kParse, "policies", count + 1, most));
}

// other_version is the refusal where another version is in force (0: none) than was asked for.
std::optional<Refusal> other_version(std::uint64_t found, const PolicyAdmin::Condition& where) {
  if (!where.version || *where.version == found) return std::nullopt;
  const std::string there =
      found == 0 ? "None is in force." : "Version " + std::to_string(found) + " is in force.";
  return refuse(where.otherwise, kParse, CheckId::kPolicyInForce, there);
}

Refusal no_version() { return refuse(404, "ResourceNotFound", CheckId::kPolicyVersion); }

Refusal wrong_rego(std::string_view where, std::string_view what) {
  return refuse(400, kParse, CheckId::kMessageForm, std::string(where) + ": " + std::string(what));
}

// check_rego asks the engine about each policy in Rego of a document.
Answer<void> check_rego(const Service& service, std::string_view where, std::string_view text,
                        RegoContract contract) {
  if (text.empty()) return {};
  if (service.rego == nullptr) return wrong_rego(where, "this service has no engine for Rego");
  if (const auto wrong = service.rego->check(text, contract)) return wrong_rego(where, *wrong);
  return {};
}

// with_rego is the policy for evidence with Rego for one class in it.
Result<std::string> with_rego(std::string_view policy, std::string_view device_class,
                              std::string_view rego) {
  JsonWriter w(JsonWriter::Style::kPretty);
  w.begin_object();
  JsonWriter classes;
  classes.begin_object().member(device_class, rego);
  if (policy.empty()) {
    w.member("schema", kEvidenceSchema);
  } else {
    const auto root = codec::parse_json(as_bytes(policy), kPolicyLimits);
    if (!root) return damaged();
    for (const auto& [name, value] : root->members()) {
      if (name != "rego") w.name(name).copy(value);
    }
    if (const JsonValue* others = root->find("rego")) {
      for (const auto& [name, value] : others->members()) {
        if (name != device_class) classes.name(name).copy(value);
      }
    }
  }
  WARD_TRY(const std::string text, classes.end_object().take());
  return w.name("rego").raw_json(text).end_object().take();
}

// check is the policy, where it is one for evidence.
Answer<std::optional<EvidencePolicy>> check(const Service& service, std::string_view key,
                                            Bytes json) {
  if (key == kEvidencePolicyKey) {
    WARD_TRY(EvidencePolicy policy, checked_evidence_policy(service, json));
    return std::optional(std::move(policy));
  }
  WARD_CHECK_OK(checked_results_policy(service, json));
  return std::optional<EvidencePolicy>();
}

}  // namespace

Answer<EvidencePolicy> checked_evidence_policy(const Service& service, Bytes json) {
  auto policy = parse_evidence_policy(json, service.verifier.fields());
  if (!policy) return refuse_document(kParse, CheckId::kMessageForm, policy.error());
  for (const auto& [device_class, text] : policy->rego) {
    WARD_CHECK_OK(check_rego(service, "rego." + device_class, text, RegoContract::kTrustClaims));
  }
  return *std::move(policy);
}

Answer<ResultsPolicy> checked_results_policy(const Service& service, Bytes json) {
  auto policy = parse_results_policy(json);
  if (!policy) return refuse_document(kParse, CheckId::kMessageForm, policy.error());
  for (std::size_t i = 0; i < policy->rules.size(); ++i) {
    WARD_CHECK_OK(check_rego(service, "releases[" + std::to_string(i) + "].rego",
                             policy->rules[i].rego, RegoContract::kRelease));
  }
  return *std::move(policy);
}

// Change is a policy's new text, and the leaf about it.
struct PolicyAdmin::Change {
  std::string key;
  Bytes text;
  const EvidencePolicy* evidence;  // the text's, where it is for evidence
  Condition where;
  ledger::Entry entry;
};

Answer<void> PolicyAdmin::may(const Actor& actor, std::string_view key, UnixTime now) const {
  if (!is_policy_key(key)) return refuse(404, "InvalidRequestPath", CheckId::kMessageForm);
  return allow(service_, actor, may_read(actor, key), "policy " + std::string(key), now);
}

Answer<std::uint64_t> PolicyAdmin::write(const Change& change) const {
  std::uint64_t version = 0;
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kPolicyTable, change.key));
    refusal = other_version(row.version, change.where);
    if (refusal) return Error(Errc::kStale, "broker: another policy is in force");
    WARD_TRY(refusal, no_room(tx, service_, row));
    if (refusal) return Error(Errc::kLimit, "broker: policies");
    if (change.evidence != nullptr) {
      WARD_TRY(const std::string incident, lifted_incident(tx, *change.evidence));
      if (!incident.empty()) {
        refusal = refuse(409, kParse, CheckId::kPolicyIncident, "Incident " + incident + ".");
        return Error(Errc::kDenied, "broker: an incident is open");
      }
    }
    WARD_TRY(std::string before, digest_before(tx, service_.keys, kPolicyTable, change.key));
    WARD_TRY(version, service_.keys.rows.put(tx, kPolicyTable, change.key, change.text, row.version,
                                             service_.rng));
    const Kept kept{{version, change.entry.time, change.entry.actor, {}, true},
                    std::string(as_text(change.text))};
    WARD_TRY(const std::string text, write_kept(kept));
    WARD_CHECK_OK(service_.keys.rows.put(tx, kPolicyVersionTable, version_key(change.key, version),
                                         as_bytes(text), 0, service_.rng));
    WARD_CHECK_OK(forget_oldest(tx, change.key, service_.options.quotas.policy_versions));
    ledger::Entry entry = change.entry;
    entry.details.emplace_back("version", std::to_string(version));
    entry.details.emplace_back("before", std::move(before));
    entry.details.emplace_back("after", to_hex(crypto::sha256(change.text)));
    return record(tx, service_.keys, entry);
  });
  if (refusal) return *std::move(refusal);
  if (!done) return unavailable(done.error());
  return version;
}

Answer<std::uint64_t> PolicyAdmin::set(const Actor& actor, std::string_view key, Bytes json,
                                       UnixTime now,
                                       std::optional<std::uint64_t> if_version) const {
  return set_where(actor, key, json, now, {if_version, 412});
}

Answer<std::uint64_t> PolicyAdmin::set_where(const Actor& actor, std::string_view key, Bytes json,
                                             UnixTime now, const Condition& where) const {
  WARD_CHECK_OK(may(actor, key, now));
  WARD_TRY(const auto evidence, check(service_, key, json));
  return write(
      {.key = std::string(key),
       .text = json,
       .evidence = evidence ? &*evidence : nullptr,
       .where = where,
       .entry = act_of(actor, now, "policy.set", key, {{"sha256", to_hex(crypto::sha256(json))}})});
}

Answer<std::uint64_t> PolicyAdmin::rollback(const Actor& actor, std::string_view key,
                                            std::uint64_t to, UnixTime now,
                                            std::optional<std::uint64_t> if_version) const {
  WARD_TRY(const std::string text, get(actor, key, now, to));
  // What was right once may not be any more: a field, or the engine.
  WARD_TRY(const auto evidence, check(service_, key, as_bytes(text)));
  return write({.key = std::string(key),
                .text = as_bytes(text),
                .evidence = evidence ? &*evidence : nullptr,
                .where = {if_version, 412},
                .entry = act_of(actor, now, "policy.rollback", key,
                                {{"sha256", to_hex(crypto::sha256(as_bytes(text)))},
                                 {"to", std::to_string(to)}})});
}

Answer<std::vector<PolicyInfo>> PolicyAdmin::list(const Actor& actor) const {
  std::vector<PolicyInfo> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    std::string after;
    for (;;) {
      WARD_TRY(const auto rows, view.list_keys(kPolicyTable, "", after, store::kMaxListed));
      if (rows.empty()) return {};
      after = rows.back().key;
      for (const store::ListedKey& row : rows) {
        if (!may_read(actor, row.key)) continue;
        out.push_back({row.key.substr(0, row.key.find('/')), std::string(repository_of(row.key)),
                       row.version});
      }
    }
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<std::string> PolicyAdmin::get(const Actor& actor, std::string_view key, UnixTime now,
                                     std::optional<std::uint64_t> version) const {
  WARD_TRY(PolicyText found, find(actor, key, now, version));
  return std::move(found.text);
}

Answer<PolicyText> PolicyAdmin::find(const Actor& actor, std::string_view key, UnixTime now,
                                     std::optional<std::uint64_t> version) const {
  WARD_CHECK_OK(may(actor, key, now));
  std::optional<PolicyText> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, text_of(view, service_, key, version));
    return {};
  });
  if (!done) return unavailable(done.error());
  if (out) return *std::move(out);
  if (version) return no_version();
  return refuse(404, "PolicyNotFound", CheckId::kPolicyExists);
}

Answer<std::vector<PolicyVersion>> PolicyAdmin::versions(const Actor& actor, std::string_view key,
                                                         UnixTime now) const {
  WARD_CHECK_OK(may(actor, key, now));
  std::vector<PolicyVersion> out;
  bool there = false;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const store::Row row, view.get(kPolicyTable, key));
    there = row.value.has_value();
    WARD_TRY(const auto rows,
             view.list_keys(kPolicyVersionTable, std::string(key) + "/", "", store::kMaxListed));
    for (const store::ListedKey& one : rows) {
      const auto number = version_of(one.key);
      if (!number) return damaged();
      WARD_TRY(auto kept, load_kept(view, service_, key, *number));
      if (!kept) return damaged();
      kept->info.in_force = row.value && *number == row.version;
      out.push_back(std::move(kept->info));
    }
    return {};
  });
  if (!done) return unavailable(done.error());
  if (!there) return refuse(404, "PolicyNotFound", CheckId::kPolicyExists);
  std::ranges::reverse(out);
  return out;
}

Result<std::optional<std::string>> kept_evidence_policy(store::View& view, const Service& service,
                                                        std::uint64_t version) {
  WARD_TRY(auto found, text_of(view, service, kEvidencePolicyKey, version));
  return found ? std::optional(std::move(found->text)) : std::nullopt;
}

Answer<WithRego> policy_with_rego(const Service& service, std::string_view device_class,
                                  std::string_view rego) {
  if (std::ranges::find(kDeviceClasses, device_class) == kDeviceClasses.end()) {
    return refuse(400, kParse, CheckId::kMessageForm,
                  "The class of devices is cpu, gpu or switch; of policy_id: default_cpu, "
                  "default_gpu or default_switch.");
  }
  std::string policy;
  WithRego out;
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto row, service.keys.rows.get(view, kPolicyTable, kEvidencePolicyKey));
    out.version = row.version;
    if (row.value) policy = std::string(as_text(row.value->expose()));
    return {};
  });
  if (!read) return unavailable(read.error());
  if (policy.empty() && device_class != "cpu") {
    return refuse(409, kParse, CheckId::kEvidencePolicy,
                  "Rego for these devices stands beside it; Rego for cpu may be the first.");
  }
  auto text = with_rego(policy, device_class, rego);
  if (!text) return unavailable(text.error());
  out.text = *std::move(text) + "\n";
  return out;
}

Answer<std::uint64_t> PolicyAdmin::set_attestation_policy(
    const Actor& actor, std::string_view id, std::string_view rego, UnixTime now,
    std::optional<std::uint64_t> if_version) const {
  WARD_CHECK_OK(may(actor, kEvidencePolicyKey, now));
  const std::string_view device_class =
      id.starts_with(kDefault) ? id.substr(kDefault.size()) : std::string_view();
  WARD_TRY(const WithRego policy, policy_with_rego(service_, device_class, rego));
  // Whoever named the version learns that there is another; for others the text is of this one.
  const Condition where = if_version ? Condition{if_version, 412} : Condition{policy.version, 409};
  if (if_version && *if_version != policy.version) {
    return *other_version(policy.version, where);
  }
  return set_where(actor, kEvidencePolicyKey, as_bytes(policy.text), now, where);
}

Answer<std::uint64_t> PolicyAdmin::set_resource_policy(const Actor& actor, std::string_view rego,
                                                       UnixTime now) const {
  JsonWriter w(JsonWriter::Style::kPretty);
  w.begin_object().member("schema", kResultsSchema).name("releases").begin_array();
  w.begin_object().name("resources").begin_array().string(kAnyResource).end_array();
  const auto text = w.member("rego", rego).end_object().end_array().end_object().take();
  if (!text) return refuse(400, kParse, CheckId::kMessageForm, "The policy is not UTF-8.");
  return set(actor, results_policy_key(kAnyRepository), as_bytes(*text), now);
}

}  // namespace ward::broker
