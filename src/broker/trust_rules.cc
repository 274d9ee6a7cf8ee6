#include "broker/trust_rules.h"

#include <string_view>

namespace ward::broker {
namespace {

using attest::Appraisal;
using token::TrustVector;

bool always(const Appraisal& /*appraisal*/) { return true; }

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
    {"instance-identity", &TrustVector::instance_identity, 0, kAlways,
     "No claim: ward knows no list of single platforms that are trusted or compromised; that the "
     "platform's certificate is not revoked is a check of its own.",
     always},
    {"configuration", &TrustVector::configuration, 32, kDebug,
     "Whoever runs the host may look into a workload in debug mode: a configuration with a known "
     "weakness, that the policies allowed.",
     in_debug},
    {"configuration", &TrustVector::configuration, 2, kElse,
     "Approved: debug is off, and every value that the policy for evidence demands was met.",
     always},
    {"executables", &TrustVector::executables, 3, kAlways,
     "Only what was approved was loaded at launch: the measurement is one of the policy's "
     "`runtimes`, without which there is no result. Not 2: what runs later is not measured.",
     always},
    {"file-system", &TrustVector::file_system, 0, kAlways,
     "No claim: the evidence says nothing of a file system.", always},
    {"hardware", &TrustVector::hardware, 97, kDevelopment,
     "Not recognised: no maker of hardware vouches for it.", of_development},
    {"hardware", &TrustVector::hardware, 32, "the TCB status is another than UpToDate",
     "Genuine, with weaknesses that its maker has published, which the policies allowed.",
     out_of_date},
    {"hardware", &TrustVector::hardware, 32,
     "the maker states no TCB status, and the policy names neither values of the TCB "
     "that it accepts nor a least one above 0",
     "Genuine, and nobody said that its firmware is recent.", tcb_unjudged},
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
    {"runtime-opaque", &TrustVector::runtime_opaque, 2, "the TEE encrypts memory",
     "Memory is encrypted, and host and hypervisor do not read it. How well it withstands changes "
     "on the memory bus is claimed beside it (`memory_encryption`), where the evidence says.",
     keeps_memory_encrypted},
    {"runtime-opaque", &TrustVector::runtime_opaque, 32, "the TEE isolates memory",
     "Host and hypervisor do not reach memory; nothing says that it is encrypted.",
     keeps_memory_isolated},
    {"runtime-opaque", &TrustVector::runtime_opaque, 0, kElse,
     "No claim: the evidence vouches for no workload's memory.", always},
    {"storage-opaque", &TrustVector::storage_opaque, 0, kAlways,
     "No claim: the evidence says nothing of storage.", always},
    {"sourced-data", &TrustVector::sourced_data, 0, kAlways,
     "No claim: ward appraises no data that the workload was given.", always},
};

}  // namespace

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
