#include "broker/replay.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "attest/appraisal_json.h"
#include "broker/archive.h"
#include "broker/facts.h"
#include "broker/judgement.h"
#include "broker/policy_admin.h"
#include "broker/records.h"
#include "broker/release.h"
#include "broker/result_token.h"
#include "broker/withheld.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

constexpr std::string_view kArchive = "ArchiveError";
constexpr std::string_view kResult = "result";
constexpr std::size_t kMaxIdShown = 64;

using ResultsPolicies = std::map<std::string, ResultsPolicy, std::less<>>;  // by repository

// Policies are all that decide about access.
struct Policies {
  std::optional<EvidencePolicy> evidence;  // nullopt: nothing is accepted
  ResultsPolicies results;
  std::set<std::string> resources;  // paths that there are, of those repositories
};

// Access is what one appraisal would give: for "result" and each resource's path what keeps from
// it; nullopt where nothing does.
using Access = std::map<std::string, std::optional<std::vector<attest::Check>>>;

// The policy for any repository is in force for an owner's resources, too, who may not read it.
std::vector<std::string> policy_keys(const std::vector<store::ListedKey>& rows,
                                     const Actor& actor) {
  std::vector<std::string> out;
  for (const store::ListedKey& row : rows) {
    const bool concerns = may_read(actor, row.key) || repository_of(row.key) == kAnyRepository;
    if (row.key != kEvidencePolicyKey && concerns) out.push_back(row.key);
  }
  return out;
}

// load_resources names the resources of those repositories.
Result<std::set<std::string>> load_resources(store::View& view, const Actor& actor) {
  std::set<std::string> out;
  std::string after;
  for (;;) {
    WARD_TRY(const auto rows, view.list_keys(kResourceTable, "", after, store::kMaxListed));
    if (rows.empty()) return out;
    after = rows.back().key;
    for (const store::ListedKey& row : rows) {
      const std::string repository = row.key.substr(0, row.key.find('/'));
      if (may_read(actor, results_policy_key(repository))) out.insert(row.key);
    }
  }
}

// load_policies reads those in force: that for evidence, and those for results that the actor may
// read.
Result<Policies> load_policies(store::View& view, const Service& service, const Actor& actor) {
  Policies out;
  WARD_TRY(auto evidence, load_evidence_policy(view, service));
  if (evidence) out.evidence = std::move(evidence->value);
  std::string after;
  for (;;) {
    WARD_TRY(const auto rows, view.list_keys(kPolicyTable, "", after, store::kMaxListed));
    if (rows.empty()) break;
    after = rows.back().key;
    for (const std::string& key : policy_keys(rows, actor)) {
      const std::string repository(repository_of(key));
      WARD_TRY(auto policy, load_results_policy(view, service.keys, repository));
      if (policy) out.results.emplace(repository, std::move(policy->value));
    }
  }
  WARD_TRY(out.resources, load_resources(view, actor));
  return out;
}

// policy_of is what a repository's resources are released by; nullptr: nothing.
const ResultsPolicy* policy_of(const ResultsPolicies& policies, std::string_view repository) {
  for (const std::string_view name : {repository, kAnyRepository}) {
    const auto policy = policies.find(name);
    if (policy != policies.end()) return &policy->second;
  }
  return nullptr;
}

// The paths that there are and that either of two sets of policies has a rule for.
std::set<std::string> paths_of(const Policies& one, const Policies& other) {
  std::set<std::string> out;
  for (const Policies* policies : {&one, &other}) {
    for (const std::string& path : policies->resources) {
      const auto slash = path.find('/');
      const ResultsPolicy* policy = policy_of(policies->results, path.substr(0, slash));
      if (policy != nullptr && policy->rule_for(path.substr(slash + 1)) != nullptr) {
        out.insert(path);
      }
    }
  }
  return out;
}

std::vector<attest::Check> missing(CheckId id) {
  return {{.info = &check_info(id), .outcome = attest::Outcome::kFailed}};
}

// Replayed is one archived message, with what it needs to be appraised again.
struct Replayed {
  ArchivedAppraisal record;
  std::shared_ptr<const attest::Collateral> collateral;  // null: the service's own
  UnixTime at;
};

// Shown is one accepted appraisal, as policies for results see it.
struct Shown {
  Facts facts;
  std::string claims;  // of the result that it would lead to
  UnixTime at;
};

// decide is what keeps an accepted appraisal from a resource.
std::optional<std::vector<attest::Check>> decide(const Service& service,
                                                 const ResultsPolicies& policies,
                                                 const std::string& path, const Shown& shown) {
  const std::string repository = path.substr(0, path.find('/'));
  const ResultsPolicy* policy = policy_of(policies, repository);
  if (policy == nullptr) return missing(CheckId::kReleaseRule);
  std::vector<attest::Check> failed = failed_of(decide_release(
      {.policy = *policy, .from = "results policy of " + repository, .rego = service.rego},
      {.path = path, .facts = shown.facts, .claims = shown.claims, .now = shown.at}));
  if (failed.empty()) return std::nullopt;
  return failed;
}

// shown_of makes the claims that the result had, or would have had.
Result<Shown> shown_of(const Service& service, const Replayed& replayed,
                       const Judgement& judgement) {
  WARD_TRY(std::string claims, result_claims(service, judgement.appraisal,
                                             {.policy_id = replayed.record.policy,
                                              .runtime_data = replayed.record.runtime_data,
                                              .tee_pubkey = {},
                                              .init_data_digest = replayed.record.init_data_digest,
                                              .rego = judgement.rego},
                                             replayed.record.id, replayed.at));
  return Shown{facts_of(judgement.appraisal, ""), std::move(claims), replayed.at};
}

Result<Access> access_of(const Service& service, const Replayed& replayed,
                         const std::optional<Judgement>& judgement, const Policies& policies,
                         const std::set<std::string>& paths) {
  Access out;
  const auto kept =
      judgement ? failures_of(judgement->appraisal) : missing(CheckId::kEvidencePolicy);
  out.emplace(kResult, kept);
  std::optional<Shown> shown;
  if (!kept) {
    WARD_TRY(shown, shown_of(service, replayed, *judgement));
  }
  for (const std::string& path : paths) {
    out.emplace(path, shown ? decide(service, policies.results, path, *shown) : kept);
  }
  return out;
}

std::vector<Reason> reasons_of(const std::vector<attest::Check>& checks) {
  std::vector<Reason> out;
  out.reserve(checks.size());
  for (const attest::Check& check : checks) {
    out.push_back({check.info->id, check.found, check.expected});
  }
  return out;
}

// appraise gives nullopt where no policy for evidence is set.
Result<std::optional<Judgement>> appraise(const Service& service, const Replayed& replayed,
                                          const Policies& policies) {
  if (!policies.evidence) return std::optional<Judgement>();
  WARD_TRY(Judgement out, appraise_record(service, replayed.record,
                                          {.policy = *policies.evidence,
                                           .at = replayed.at,
                                           .collateral = replayed.collateral.get()}));
  return std::optional(std::move(out));
}

// Compared is what a replay compares.
struct Compared {
  Policies in_force;
  Policies candidate;
  std::vector<attest::Check> lifted;  // why the candidate cannot be put in force
  UnixTime now;
};

// withheld is what keeps from an access all the same.
Result<std::vector<attest::Check>> withheld(const Service& service, const Compared& compared,
                                            const AccessChange& change, Bytes workload) {
  std::vector<attest::Check> out;
  if (change.gains) out = compared.lifted;
  if (change.access == kResult) return out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto more,
             withheld_resource(view, service, change.access, workload, compared.now));
    out.insert(out.end(), more.begin(), more.end());
    return {};
  }));
  return out;
}

// compare says what changes for one message. Where neither set of policies appraises it, there is
// nobody to say who it was.
Result<std::vector<AccessChange>> compare(const Service& service, const Replayed& replayed,
                                          const Compared& compared) {
  const Policies& in_force = compared.in_force;
  const Policies& candidate = compared.candidate;
  // A result for somebody else opens no resource here.
  const bool releases = replayed.record.purpose == AppraisedFor::kRelease;
  const std::set<std::string> paths =
      releases ? paths_of(in_force, candidate) : std::set<std::string>();
  WARD_TRY(const auto before, appraise(service, replayed, in_force));
  WARD_TRY(const auto after, appraise(service, replayed, candidate));
  WARD_TRY(const Access had, access_of(service, replayed, before, in_force, paths));
  WARD_TRY(const Access has, access_of(service, replayed, after, candidate, paths));
  const std::optional<Judgement>& shown = before ? before : after;
  std::vector<AccessChange> out;
  for (const auto& [access, kept_before] : had) {
    const auto& kept_after = has.at(access);
    if (kept_before.has_value() == kept_after.has_value()) continue;
    const bool gains = !kept_after.has_value();
    const attest::Appraisal& seen = shown->appraisal;
    out.push_back({.id = replayed.record.id,
                   .time = replayed.record.time,
                   .tee = seen.tee,
                   .workload = proved_workload(seen),
                   .runtime = to_hex(seen.facts.measurement),
                   .access = access,
                   .gains = gains,
                   .reasons = reasons_of(gains ? *kept_before : *kept_after),
                   .withheld = {}});
    WARD_TRY(const auto kept, withheld(service, compared, out.back(), seen.facts.workload));
    out.back().withheld = reasons_of(kept);
  }
  return out;
}

// Archived opens records one by one, and keeps the set of collateral that it opened last.
class Archived {
 public:
  Archived(const Service& service, const When& when, UnixTime now)
      : service_(service), when_(when), now_(now) {}

  // open gives the reason where the record cannot be repeated.
  Result<Replayed, std::string> open(const std::string& id) {
    Replayed out;
    std::string wrong;
    const auto read = service_.store.read([&](store::View& view) -> Result<void> {
      WARD_TRY(auto record, load_archived(view, service_, id));
      if (!record) {
        wrong = "it is not in the archive";
        return {};
      }
      out.record = *std::move(record);
      out.at = when_.now ? now_ : out.record.time;
      if (when_.present_collateral || out.record.collateral == service_.collateral) return {};
      WARD_TRY(out.collateral, collateral(view, out.record.collateral));
      if (out.collateral == nullptr) wrong = "its collateral is not in the archive";
      return {};
    });
    if (!read) return std::string(read.error().what());
    if (!wrong.empty()) return wrong;
    return out;
  }

 private:
  Result<std::shared_ptr<const attest::Collateral>> collateral(store::View& view,
                                                               const std::string& id) {
    if (id == last_) return set_;
    WARD_TRY(auto set, load_collateral(view, id));
    last_ = id;
    set_ = set ? std::make_shared<const attest::Collateral>(*std::move(set)) : nullptr;
    return set_;
  }

  const Service& service_;
  When when_;
  UnixTime now_;
  std::string last_;
  std::shared_ptr<const attest::Collateral> set_;
};

bool asks_rego(const Policies& policies) {
  const bool evidence = policies.evidence && !policies.evidence->rego.empty();
  return evidence || std::ranges::any_of(policies.results, [](const auto& one) {
           return std::ranges::any_of(one.second.rules,
                                      [](const ReleaseRule& rule) { return !rule.rego.empty(); });
         });
}

// may_replay_rego: Rego sees all that a guest's evidence and result say, and what it makes of that
// is told. An owner is told it of who asks for his resources, not of everybody whom the archive
// has.
Answer<void> may_replay_rego(const Service& service, const Actor& actor,
                             const ReplayRequest& request, UnixTime now) {
  if (!request.repository || actor.role == Role::kAdministrator) return {};
  const auto refused = allow(service, actor, false, "replay of Rego", now);
  Refusal refusal = refused.error();
  refusal.body.detail +=
      " Policies in Rego see all of everybody's evidence: an administrator replays them.";
  return refusal;
}

// The candidate in the place of the policy that it would replace.
Answer<Policies> with_candidate(const Service& service, const Policies& in_force,
                                const ReplayRequest& request) {
  Policies out = in_force;
  if (!request.device_class.empty()) {
    WARD_TRY(const WithRego policy,
             policy_with_rego(service, request.device_class, as_text(request.candidate)));
    WARD_TRY(out.evidence, checked_evidence_policy(service, as_bytes(policy.text)));
  } else if (request.repository) {
    WARD_TRY(auto policy, checked_results_policy(service, request.candidate));
    out.results.insert_or_assign(*request.repository, std::move(policy));
  } else {
    WARD_TRY(out.evidence, checked_evidence_policy(service, request.candidate));
  }
  return out;
}

// find_lifted says whether the candidate for evidence can be put in force.
Answer<void> find_lifted(const Service& service, Compared& compared) {
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    if (!compared.candidate.evidence) return {};
    WARD_TRY(compared.lifted, withheld_policy(view, *compared.candidate.evidence));
    return {};
  });
  if (!read) return unavailable(read.error());
  return {};
}

std::shared_ptr<const attest::Collateral> collateral_of(
    const std::vector<std::pair<std::string, Buffer>>& documents) {
  auto out = std::make_shared<attest::Collateral>();
  for (const auto& [name, octets] : documents) {
    out->documents.push_back({name, octets});
  }
  return out;
}

// policy_for is what a record is repeated under: the policy for evidence in force, or the version
// that it was judged by.
Answer<Versioned<EvidencePolicy>> policy_for(const Service& service,
                                             const ArchivedAppraisal& record, bool present) {
  std::optional<Versioned<EvidencePolicy>> in_force;
  std::optional<std::string> kept;
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    if (present) {
      WARD_TRY(in_force, load_evidence_policy(view, service));
    } else {
      WARD_TRY(kept, kept_evidence_policy(view, service, record.policy_version));
    }
    return {};
  });
  if (!read) return unavailable(read.error());
  if (present) {
    if (!in_force) return refuse(409, kArchive, CheckId::kEvidencePolicy);
    return *std::move(in_force);
  }
  const std::string version = std::to_string(record.policy_version);
  if (!kept) {
    return refuse(409, kArchive, CheckId::kPolicyVersion,
                  "It was judged by version " + version +
                      " of the policy for evidence, which is not kept any more. Repeat it under "
                      "the policy in force: "
                      "--policy now (\"policy\": \"now\").");
  }
  auto policy = parse_evidence_policy(as_bytes(*kept), service.verifier.fields());
  if (!policy) {
    return refuse(
        409, kArchive, CheckId::kPolicyVersion,
        "Version " + version + " is kept, but does not parse any more: " + to_text(policy.error()));
  }
  return Versioned<EvidencePolicy>{*std::move(policy), record.policy_version};
}

std::string subject_of(std::string_view id) {
  return "appraisal " + std::string(id.substr(0, kMaxIdShown));
}

std::string begin_of(UnixTime since, std::string_view after) {
  return std::max(archive_begin(since), std::string(after));
}

bool is_behind(const ReplayRequest& request, const std::string& id) {
  return request.until && id >= archive_begin({request.until->seconds + 1});
}

}  // namespace

Answer<ReplayStep> Replay::step(const Actor& actor, const ReplayRequest& request,
                                UnixTime now) const {
  const std::string key = request.repository ? results_policy_key(*request.repository)
                                             : std::string(kEvidencePolicyKey);
  WARD_CHECK_OK(allow(service_, actor, may_read(actor, key), "replay " + key, now));
  Compared compared{.in_force = {}, .candidate = {}, .lifted = {}, .now = now};
  const Policies& in_force = compared.in_force;
  std::vector<std::string> ids;
  const std::size_t limit = std::clamp<std::size_t>(request.limit, 1, kMaxReplayed);
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(compared.in_force, load_policies(view, service_, actor));
    WARD_TRY(ids, list_archived(view, begin_of(request.since, request.after), limit));
    return {};
  });
  if (!read) return unavailable(read.error());
  WARD_TRY(compared.candidate, with_candidate(service_, in_force, request));
  if (!request.repository) WARD_CHECK_OK(find_lifted(service_, compared));
  ReplayStep out;
  const bool rego = asks_rego(in_force) || asks_rego(compared.candidate);
  if (rego) WARD_CHECK_OK(may_replay_rego(service_, actor, request, now));
  const std::unique_lock<std::mutex> turn(turn_, std::try_to_lock);
  if (!turn) return refuse(409, kArchive, CheckId::kArchived, "Another replay is at work.");
  Archived archived(service_, request.when, now);
  if (rego && ids.size() > kMaxReplayedInRego) ids.resize(kMaxReplayedInRego);
  const std::size_t asked = rego ? std::min(limit, kMaxReplayedInRego) : limit;
  for (const std::string& id : ids) {
    if (is_behind(request, id)) return out;
    const auto opened = archived.open(id);
    if (!opened) {
      out.not_replayed.push_back({id, opened.error()});
      continue;
    }
    const auto changes = compare(service_, *opened, compared);
    if (!changes) {
      out.not_replayed.push_back({id, changes.error().what()});
      continue;
    }
    ++out.replayed;
    out.changes.insert(out.changes.end(), changes->begin(), changes->end());
  }
  if (ids.size() == asked) out.next = ids.back();
  return out;
}

Answer<std::string> Replay::repeat(const Actor& actor, const RepeatRequest& request,
                                   UnixTime now) const {
  WARD_CHECK_OK(
      allow(service_, actor, may_read(actor, kEvidencePolicyKey), subject_of(request.id), now));
  bool exists = false;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto record, load_archived(view, service_, request.id));
    exists = record.has_value();
    return {};
  });
  if (!read) return unavailable(read.error());
  if (!exists) return refuse(404, "ResourceNotFound", CheckId::kArchived);
  When when = request.when;
  when.present_collateral = when.present_collateral || request.collateral.has_value();
  auto replayed = Archived(service_, when, now).open(request.id);
  if (!replayed) return refuse(409, kArchive, CheckId::kArchived, replayed.error());
  const bool present = request.present_policy.value_or(when.now || request.at);
  WARD_TRY(const auto policy, policy_for(service_, replayed->record, present));
  if (request.at) replayed->at = *request.at;
  if (request.collateral) replayed->collateral = collateral_of(*request.collateral);
  const auto judgement = appraise_record(
      service_, replayed->record,
      {.policy = policy.value, .at = replayed->at, .collateral = replayed->collateral.get()});
  if (!judgement) return unavailable(judgement.error());
  codec::JsonWriter w;
  w.begin_object();
  attest::write_appraisal_members(w, judgement->appraisal);
  w.name("policy").begin_object().member("name", policy.value.policy.name);
  w.member("version", policy.version).member("of", present ? "now" : "then").end_object();
  auto text = w.end_object().take();
  if (!text) return unavailable(text.error());
  return *std::move(text);
}

}  // namespace ward::broker
