#include "broker/judgement.h"

#include <algorithm>
#include <utility>

#include "broker/checks.h"
#include "broker/claims_input.h"
#include "broker/facts.h"
#include "broker/reference_values.h"
#include "token/ear.h"

namespace ward::broker {
namespace {

// must_be_asked is true of what no appraisal does without: that the evidence is bound to whoever
// sent it, and what runs. Of the rest that nobody asked for, the workload is compared by the
// owners' policies, revocation was waived by the policy for evidence, and a scheme says so of parts
// that its evidence does not have: an event log, another kind of hardware. What those would have
// shown is claimed nowhere.
bool must_be_asked(const attest::Facts& facts, const attest::Check& check) {
  return check.info == facts.report_data_check || check.info == facts.measurement_check;
}

// check_init_data records in the appraisal whether the manifest that was sent, whose digest this
// is, is the one that was measured.
void check_init_data(attest::Appraisal& appraisal, Bytes digest) {
  if (digest.empty()) return;
  if (appraisal.genuine && appraisal.facts.workload.empty()) {
    appraisal.checks.push_back({.info = &check_info(CheckId::kInitDataBound),
                                .outcome = attest::Outcome::kFailed,
                                .not_done = attest::NotDone::kNone,
                                .origin = attest::Origin::kCaller});
    appraisal.verdict = attest::verdict_of(appraisal.checks);
    return;
  }
  const std::string expected = appraisal.facts.workload_is_extended
                                   ? "zeros extended by " + to_hex(digest)
                                   : to_hex(digest) + ", zeros behind it or cut to the field";
  const bool same = carries_init_data(appraisal.facts, digest);
  appraisal.checks.push_back({.info = &check_info(CheckId::kInitData),
                              .outcome = same ? attest::Outcome::kPassed : attest::Outcome::kFailed,
                              .not_done = attest::NotDone::kNone,
                              .found = to_hex(appraisal.facts.workload),
                              .expected = expected,
                              .origin = attest::Origin::kCaller,
                              .expected_from = "init-data of the message"});
  appraisal.verdict = attest::verdict_of(appraisal.checks);
}

// RegoVerdict is what the policies in Rego make of evidence: one check.
struct RegoVerdict {
  attest::Outcome outcome = attest::Outcome::kPassed;
  std::string found;
};

RegoVerdict refused_by_rego(std::string found) {
  return {.outcome = attest::Outcome::kFailed, .found = std::move(found)};
}

// worsen keeps the worse of two claims: the greater tier, and of one tier the greater number.
void worsen(RegoClaims& claims, const std::string& name, std::int8_t value) {
  const auto known = std::ranges::find(claims, name, &RegoClaims::value_type::first);
  if (known == claims.end()) {
    claims.emplace_back(name, value);
  } else if (token::tier_of(value) > token::tier_of(known->second)) {
    known->second = value;
  }
}

// not_affirmed names the claims that are neither affirming nor silent; empty where there is none.
std::string not_affirmed(const RegoClaims& claims) {
  std::string out;
  for (const auto& [name, value] : claims) {
    const token::TrustTier tier = token::tier_of(value);
    const bool silent = value == 0;
    if (tier == token::TrustTier::kAffirming || silent) continue;
    out += (out.empty() ? "" : ", ") + name + " is " + std::to_string(value) + " (" +
           std::string(token::to_text(tier)) + ")";
  }
  return out;
}

bool affirms(const RegoClaims& claims, std::string_view name) {
  return std::ranges::any_of(claims, [&](const auto& claim) {
    return claim.first == name && token::tier_of(claim.second) == token::TrustTier::kAffirming;
  });
}

// Asking is what the policies in Rego are asked with.
struct Asking {
  const Service& service;
  const Judging& judging;
  std::string reference_values;  // JSON, by id
};

// join adds what was said of one device to what was said of those before.
void join(RegoSaid& all, const RegoSaid& said) {
  for (const auto& [name, value] : said.claims) {
    worsen(all.claims, name, value);
  }
  for (const auto& one : said.extensions) {
    const bool known = std::ranges::any_of(
        all.extensions, [&](const auto& other) { return other.first == one.first; });
    if (!known) all.extensions.push_back(one);
  }
}

// ask_policy puts one device before one policy.
RegoVerdict ask_policy(const Asking& asking, const std::string& policy, const DeviceClaims& device,
                       RegoSaid& all) {
  const std::string where = device.tee + ": ";
  if (asking.service.rego == nullptr) {
    return {.outcome = attest::Outcome::kNotDone,
            .found = where + "this service has no engine for Rego"};
  }
  const auto input = claims_input(
      {.tee = device.tee, .scheme = device.scheme, .claims = device.claims, .tcb = &device.tcb});
  if (!input) return refused_by_rego(where + "a claim is not UTF-8");
  const auto said =
      asking.service.rego->trust_claims(policy, {.input = *input,
                                                 .data = {},
                                                 .reference_values = asking.reference_values,
                                                 .now = asking.judging.at});
  if (!said) {
    return {
        .outcome = said.error().undetermined ? attest::Outcome::kNotDone : attest::Outcome::kFailed,
        .found = where + said.error().reason};
  }
  if (const std::string wrong = not_affirmed(said->claims); !wrong.empty()) {
    return refused_by_rego(where + wrong + (said->reason.empty() ? "" : "; ") + said->reason);
  }
  join(all, *said);
  return {};
}

// ask_device puts one before the policies for all classes that it is of.
RegoVerdict ask_device(const Asking& asking, const DeviceClaims& device, RegoSaid& all) {
  for (const std::string& name : device.classes) {
    const auto policy = asking.judging.policy.rego.find(name);
    if (policy == asking.judging.policy.rego.end()) continue;
    RegoVerdict verdict = ask_policy(asking, policy->second, device, all);
    if (verdict.outcome != attest::Outcome::kPassed) return verdict;
  }
  return {};
}

RegoVerdict ask_devices(const Asking& asking, const std::vector<DeviceClaims>& devices,
                        RegoSaid& all) {
  for (const DeviceClaims& device : devices) {
    RegoVerdict verdict = ask_device(asking, device, all);
    if (verdict.outcome != attest::Outcome::kPassed) return verdict;
    // The first is the one whose measurement the policy leaves to Rego for the platform: not to
    // that for a device beside it, which a client may send alone.
    if (&device != &devices.front() || asking.judging.policy.runtimes) continue;
    const bool platform = device.classes == std::vector<std::string>{"cpu"};
    if (!platform || !affirms(all.claims, "executables")) {
      return refused_by_rego(device.tee +
                             ": executables has no affirming claim of the policy for cpu, and the "
                             "policy names no runtimes");
    }
  }
  if (devices.empty()) return refused_by_rego("no device");
  return {.outcome = attest::Outcome::kPassed, .found = "affirming"};
}

constexpr std::size_t kMaxPlatformNames = 64;

std::vector<std::string> names_of(const PlatformIds& ids, const attest::Identity& identity) {
  std::vector<std::string> out;
  for (const Buffer& id : identity.ids) {
    if (id.size() >= attest::kMinIdentifier && !all_zero(id)) out.push_back(ids.name(id));
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  const bool all = out.size() <= kMaxPlatformNames && !identity.unnamed;
  if (out.size() > kMaxPlatformNames) out.resize(kMaxPlatformNames);
  if (!all) out.emplace_back(kUnnamedPlatform);
  return out;
}

// Listed is one list of what a policy refuses, and what of the evidence is on it.
struct Listed {
  CheckId id;
  bool asked = false;  // the policy has such a list
  std::string found;   // empty: nothing is on it
  const char* expected;
  bool hidden = false;  // the evidence does not say
};

void add_refused(attest::Appraisal& appraisal, const EvidencePolicy& policy, const Listed& listed) {
  if (!listed.asked) return;
  const bool failed = !listed.found.empty();
  const bool undone = !failed && listed.hidden;
  appraisal.checks.push_back(
      {.info = &check_info(listed.id),
       .outcome = failed   ? attest::Outcome::kFailed
                  : undone ? attest::Outcome::kNotDone
                           : attest::Outcome::kPassed,
       .not_done = undone ? attest::NotDone::kAbsent : attest::NotDone::kNone,
       .found = undone ? "evidence that does not name its machine" : listed.found,
       .expected = listed.expected,
       .origin = attest::Origin::kPolicy,
       .expected_from = policy.policy.name});
}

// check_refused refuses what the policy lists, whatever else the evidence shows.
void check_refused(const EvidencePolicy& policy, Judgement& judgement) {
  attest::Appraisal& appraisal = judgement.appraisal;
  Listed platform{CheckId::kPlatformRefused,
                  !policy.refused_platforms.empty(),
                  {},
                  "a machine that is not refused"};
  for (const std::string& one : judgement.platforms) {
    if (std::ranges::count(policy.refused_platforms, one) != 0) platform.found = one;
    platform.hidden = platform.hidden || one == kUnnamedPlatform;
  }
  Listed workload{CheckId::kWorkloadRefused,
                  !policy.refused_workloads.empty(),
                  {},
                  "a workload that is not refused"};
  for (const Buffer& one : policy.refused_workloads) {
    if (names_workload(one, appraisal.facts.workload)) workload.found = to_hex(one);
  }
  Listed advisory{CheckId::kAdvisoryRefused,
                  !policy.refused_advisories.empty(),
                  {},
                  "no advisory that is refused"};
  for (const std::string& one : appraisal.tcb.advisories) {
    if (std::ranges::count(policy.refused_advisories, one) != 0) advisory.found = one;
  }
  for (const Listed& one : {platform, workload, advisory}) {
    add_refused(appraisal, policy, one);
    if (one.asked) appraisal.verdict = attest::verdict_of(appraisal.checks);
  }
}

// count_as_compared records that the policy in Rego judged the measurement.
void count_as_compared(attest::Appraisal& appraisal, const std::string& policy) {
  for (attest::Check& check : appraisal.checks) {
    if (check.info != appraisal.facts.measurement_check) continue;
    check.outcome = attest::Outcome::kPassed;
    check.not_done = attest::NotDone::kNone;
    check.found = to_hex(appraisal.facts.measurement);
    check.expected = "what the policy in Rego affirms";
    check.origin = attest::Origin::kPolicy;
    check.expected_from = policy;
  }
  std::erase(appraisal.unchecked, "measurement");
  // Of a TEE without a measurement: the fields that say what runs.
  if (!appraisal.facts.measured_by.empty()) {
    std::erase(appraisal.unchecked, appraisal.facts.measured_by.front());
  }
}

// ask_rego puts evidence that all else accepts before the policies in Rego. Only then are reference
// values read: whoever shows less costs no more.
Result<void> ask_rego(const Service& service, const Judging& judging,
                      const std::vector<DeviceClaims>& devices, Judgement& judgement) {
  attest::Appraisal& appraisal = judgement.appraisal;
  if (judging.policy.rego.empty() || appraisal.verdict != attest::Verdict::kAccepted) return {};
  Asking asking{.service = service, .judging = judging, .reference_values = {}};
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(asking.reference_values, load_reference_values(view, service, judging.at));
    return {};
  }));
  const RegoVerdict verdict = ask_devices(asking, devices, judgement.rego);
  const bool undone = verdict.outcome == attest::Outcome::kNotDone;
  appraisal.checks.push_back(
      {.info = &check_info(CheckId::kEvidenceRego),
       .outcome = verdict.outcome,
       .not_done = undone ? attest::NotDone::kAbsent : attest::NotDone::kNone,
       .found = verdict.found,
       .expected = "affirming claims",
       .origin = attest::Origin::kPolicy,
       .expected_from = judging.policy.policy.name});
  if (verdict.outcome != attest::Outcome::kPassed) {
    judgement.rego = {};
  } else if (!judging.policy.runtimes) {
    count_as_compared(appraisal, judging.policy.policy.name);
  }
  appraisal.verdict = attest::verdict_of(appraisal.checks);
  return {};
}

}  // namespace

Result<Judgement> appraise_record(const Service& service, const ArchivedAppraisal& record,
                                  const Judging& judging) {
  WARD_TRY(Appraised appraised,
           service.verifier.appraise({.tee = record.tee,
                                      .primary_evidence = record.primary_evidence,
                                      .additional_evidence = record.additional_evidence,
                                      .binding = record.binding,
                                      .device_binding = record.device_binding,
                                      .policy = judging.policy,
                                      .now = judging.at,
                                      .collateral = judging.collateral,
                                      .whole_field = record.purpose == AppraisedFor::kStatedData}));
  Judgement out{.appraisal = std::move(appraised.appraisal),
                .rego = {},
                .platforms = names_of(service.keys.platform_ids, appraised.identity)};
  check_init_data(out.appraisal, record.init_data_digest);
  check_refused(judging.policy, out);
  // What a policy in Rego sees it can tell everybody.
  if (!judging.policy.rego.empty()) {
    for (DeviceClaims& device : appraised.devices) {
      service.keys.platform_ids.conceal(appraised.identity, device.claims);
    }
  }
  WARD_CHECK_OK(ask_rego(service, judging, appraised.devices, out));
  if (out.appraisal.verdict == attest::Verdict::kAccepted && failures_of(out.appraisal)) {
    out.appraisal.verdict = attest::Verdict::kUndetermined;
  }
  service.keys.platform_ids.conceal(appraised.identity, out.appraisal);
  return out;
}

std::optional<std::vector<attest::Check>> failures_of(const attest::Appraisal& appraisal) {
  std::vector<attest::Check> failed;
  // A measurement that was left to Rego, which refused the evidence, failed by that alone.
  const bool rego_refused = std::ranges::any_of(appraisal.checks, [](const attest::Check& check) {
    return check.info == &check_info(CheckId::kEvidenceRego) &&
           check.outcome != attest::Outcome::kPassed;
  });
  for (const auto outcome : {attest::Outcome::kFailed, attest::Outcome::kNotDone}) {
    for (const attest::Check& check : appraisal.checks) {
      if (check.outcome != outcome) continue;
      if (check.not_done == attest::NotDone::kNotAsked) {
        const bool left = rego_refused && check.info == appraisal.facts.measurement_check;
        if (left || !must_be_asked(appraisal.facts, check)) continue;
      }
      failed.push_back(check);
    }
  }
  const bool accepted = appraisal.verdict == attest::Verdict::kAccepted && failed.empty();
  if (accepted) return std::nullopt;
  return failed;
}

std::optional<Refusal> refusal_of(const attest::Appraisal& appraisal) {
  const auto failed = failures_of(appraisal);
  if (!failed) return std::nullopt;
  return refuse_checks("AttestationError", *failed);
}

std::string proved_workload(const attest::Appraisal& appraisal) {
  const attest::CheckInfo* bound = appraisal.facts.report_data_check;
  const bool theirs = std::ranges::any_of(appraisal.checks, [&](const attest::Check& check) {
    return check.info == bound && check.outcome == attest::Outcome::kPassed;
  });
  return appraisal.genuine && theirs ? to_hex(appraisal.facts.workload) : std::string();
}

RefusedAct refused_act(const attest::Appraisal& appraisal, UnixTime now) {
  return {.class_name = std::string(appraisal.genuine ? kGenuineEvidence : kForgedEvidence),
          .actor = proved_workload(appraisal),
          .subject = appraisal.tee,
          .now = now};
}

}  // namespace ward::broker
