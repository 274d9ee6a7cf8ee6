#include "broker/trust_rules.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace ward::broker {
namespace {

using attest::Appraisal;
using token::TrustVector;

bool always(const Appraisal& /*appraisal*/) { return true; }

bool is_one_of(std::initializer_list<const attest::CheckInfo*> known,
               const attest::CheckInfo& check) {
  return std::ranges::find(known, &check) != known.end();
}

// one_failed and one_open are about the checks that bear on a claim. What nobody asked for is not
// open: it is judged by name below, or is part of evidence that may be left out.
bool one_failed(const Appraisal& a, CheckClaim claim) {
  return std::ranges::any_of(a.checks, [&](const attest::Check& check) {
    return check.outcome == attest::Outcome::kFailed && claim_of(a.facts, *check.info) == claim;
  });
}

bool one_open(const Appraisal& a, CheckClaim claim) {
  return std::ranges::any_of(a.checks, [&](const attest::Check& check) {
    return check.outcome == attest::Outcome::kNotDone &&
           check.not_done != attest::NotDone::kNotAsked && claim_of(a.facts, *check.info) == claim;
  });
}

bool not_genuine(const Appraisal& a) {
  return !a.genuine || one_failed(a, CheckClaim::kEvidence) || one_open(a, CheckClaim::kEvidence);
}

bool evidence_failed(const Appraisal& a) { return one_failed(a, CheckClaim::kEvidence); }

bool identity_failed(const Appraisal& a) { return one_failed(a, CheckClaim::kIdentity); }

bool configuration_failed(const Appraisal& a) { return one_failed(a, CheckClaim::kConfiguration); }

bool configuration_open(const Appraisal& a) {
  return not_genuine(a) || one_open(a, CheckClaim::kConfiguration);
}

bool executables_failed(const Appraisal& a) { return one_failed(a, CheckClaim::kExecutables); }

bool measurement_unshown(const Appraisal& a) {
  if (a.facts.measurement_check == nullptr || not_genuine(a)) return true;
  const attest::Check* check = a.check(a.facts.measurement_check->id);
  return check == nullptr || check->outcome != attest::Outcome::kPassed ||
         one_open(a, CheckClaim::kExecutables);
}

bool tcb_failed(const Appraisal& a) { return one_failed(a, CheckClaim::kTcb); }

bool hardware_open(const Appraisal& a) { return not_genuine(a) || one_open(a, CheckClaim::kTcb); }

bool revocation_waived(const Appraisal& a) {
  return std::ranges::any_of(a.checks, [&](const attest::Check& check) {
    return check.outcome == attest::Outcome::kNotDone &&
           std::ranges::find(a.facts.revocation_checks, check.info) !=
               a.facts.revocation_checks.end();
  });
}

bool in_debug(const Appraisal& a) { return a.facts.debug.value_or(true); }

bool of_development(const Appraisal& a) { return a.development; }

bool out_of_date(const Appraisal& a) {
  return a.facts.tcb_status_check != nullptr && a.tcb.status != "UpToDate";
}

// True where neither the maker nor a policy judged the platform's TCB.
bool tcb_unjudged(const Appraisal& a) {
  return a.facts.tcb_status_check == nullptr && !a.facts.tcb_demanded;
}

bool keeps_memory_encrypted(const Appraisal& a) {
  return a.facts.memory == attest::MemoryKept::kEncrypted;
}

bool keeps_memory_isolated(const Appraisal& a) {
  return a.facts.memory == attest::MemoryKept::kIsolated;
}

constexpr const char* kDebug = "the workload is in debug mode, or does not say";
constexpr const char* kDevelopment = "the root is a development platform's";
constexpr const char* kElse = "else";
constexpr const char* kAlways = "always";

constexpr TrustRule kRules[] = {
    {"instance-identity", &TrustVector::instance_identity, 97,
     "the report data or the chip is none of those expected",
     "Not recognised: it is another's evidence, or of a chip that is not accepted.",
     identity_failed},
    {"instance-identity", &TrustVector::instance_identity, 0, kElse,
     "No claim: ward knows no list of single platforms that are trusted or compromised; that the "
     "platform's certificate is not revoked is a check of its own.",
     always},
    {"configuration", &TrustVector::configuration, 96,
     "debug mode, or a value that the policy refuses",
     "Not acceptable: a check of how the workload was set up failed.", configuration_failed},
    {"configuration", &TrustVector::configuration, 32, kDebug,
     "Whoever runs the host may look into a workload in debug mode: a configuration with a known "
     "weakness, that the policies allowed.",
     in_debug},
    {"configuration", &TrustVector::configuration, 0,
     "a check of it was not done, or the evidence is not shown to be genuine",
     "No claim: what the evidence says of it is not vouched for.", configuration_open},
    {"configuration", &TrustVector::configuration, 2, kElse,
     "Approved: debug is off, and every value that the policy for evidence demands was met.",
     always},
    {"executables", &TrustVector::executables, 33,
     "the measurement or the workload is none of those expected",
     "Not recognised: other code was loaded than what was approved.", executables_failed},
    {"executables", &TrustVector::executables, 0,
     "the measurement was not compared, or the evidence is not shown to be genuine",
     "No claim: what was loaded is not known to be what was approved.", measurement_unshown},
    {"executables", &TrustVector::executables, 3, kElse,
     "Only what was approved was loaded at launch: the measurement is one of the policy's "
     "`runtimes`. Not 2: what runs later is not measured.",
     always},
    {"file-system", &TrustVector::file_system, 0, kAlways,
     "No claim: the evidence says nothing of a file system.", always},
    {"hardware", &TrustVector::hardware, 97, kDevelopment,
     "Not recognised: no maker of hardware vouches for it.", of_development},
    {"hardware", &TrustVector::hardware, 97, "a check of the evidence itself failed",
     "Not recognised: no maker of hardware vouches for what the evidence says.", evidence_failed},
    {"hardware", &TrustVector::hardware, 96, "its TCB or its product is not accepted",
     "Genuine where every other check passed, and what the policy refuses.", tcb_failed},
    {"hardware", &TrustVector::hardware, 32, "the TCB status is another than UpToDate",
     "Genuine, with weaknesses that its maker has published, which the policies allowed.",
     out_of_date},
    {"hardware", &TrustVector::hardware, 32,
     "the maker states no TCB status, and the policy names neither values of the TCB "
     "that it accepts nor a least one above 0",
     "Genuine, and nobody said that its firmware is recent.", tcb_unjudged},
    {"hardware", &TrustVector::hardware, 32, "the maker's revocation list was not asked for",
     "Genuine, and nobody looked whether its maker has withdrawn its word since.",
     revocation_waived},
    {"hardware", &TrustVector::hardware, 0, "a check of evidence or TCB was not done",
     "No claim: something that is needed was absent.", hardware_open},
    {"hardware", &TrustVector::hardware, 2, kElse,
     "The maker vouches for it, and knows of nothing that it lacks; or the policy named the TCB "
     "that "
     "it must have.",
     always},
    {"runtime-opaque", &TrustVector::runtime_opaque, 96, kDevelopment,
     "Root of the machine reads everything.", of_development},
    {"runtime-opaque", &TrustVector::runtime_opaque, 96, kDebug,
     "The host reads it by the debug "
     "interface.",
     in_debug},
    {"runtime-opaque", &TrustVector::runtime_opaque, 32, "the TEE isolates memory",
     "Host and hypervisor do not reach memory; nothing says that it is encrypted.",
     keeps_memory_isolated},
    {"runtime-opaque", &TrustVector::runtime_opaque, 0, "the evidence is not shown to be genuine",
     "No claim: nobody vouches for the TEE.", not_genuine},
    {"runtime-opaque", &TrustVector::runtime_opaque, 2, "the TEE encrypts memory",
     "Memory is encrypted, and host and hypervisor do not read it. How well it withstands changes "
     "on the memory bus is claimed beside it (`memory_encryption`), where the evidence says.",
     keeps_memory_encrypted},
    {"runtime-opaque", &TrustVector::runtime_opaque, 0, kElse,
     "No claim: the evidence vouches for no workload's memory.", always},
    {"storage-opaque", &TrustVector::storage_opaque, 0, kAlways,
     "No claim: the evidence says nothing of storage.", always},
    {"sourced-data", &TrustVector::sourced_data, 0, kAlways,
     "No claim: ward appraises no data that the workload was given.", always},
};

}  // namespace

CheckClaim claim_of(const attest::Facts& facts, const attest::CheckInfo& check) {
  if (is_one_of({facts.measurement_check, facts.workload_check}, check)) {
    return CheckClaim::kExecutables;
  }
  if (is_one_of({facts.report_data_check, facts.chip_check}, check)) return CheckClaim::kIdentity;
  if (is_one_of({facts.tcb_status_check, facts.tcb_evaluation_check, facts.tcb_date_check,
                 facts.tcb_advisories_check, facts.product_check, facts.development_check},
                check)) {
    return CheckClaim::kTcb;
  }
  const auto field = std::ranges::find(facts.fields, &check, &attest::FieldFact::check);
  if (field != facts.fields.end()) {
    return field->form.of_tcb ? CheckClaim::kTcb : CheckClaim::kConfiguration;
  }
  const bool shared = std::ranges::any_of(
      attest::shared_checks(), [&](const attest::CheckInfo& one) { return &one == &check; });
  return shared || &check == facts.debug_check ? CheckClaim::kConfiguration : CheckClaim::kEvidence;
}

std::span<const TrustRule> trust_rules() { return kRules; }

TrustVector trust_vector(const Appraisal& appraisal) {
  TrustVector out;
  std::string_view done;
  for (const TrustRule& rule : kRules) {
    if (done == rule.claim || !rule.holds(appraisal)) continue;
    out.*rule.member = rule.value;
    done = rule.claim;
  }
  return out;
}

}  // namespace ward::broker
