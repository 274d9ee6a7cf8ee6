#include "base/fuzz.h"
#include "broker/policy.h"

// What parses holds its bounds, and gives nothing to a resource that it does not name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  if (const auto policy = ward::broker::parse_results_policy(in)) {
    if (policy->rules.size() > ward::broker::kMaxPolicyItems) __builtin_trap();
    if (policy->rule_for("no such type/and tag") != nullptr) __builtin_trap();
    for (const auto& rule : policy->rules) {
      for (const auto& name : rule.resources) {
        if (policy->rule_for(name) != &rule) __builtin_trap();
      }
    }
  }
  if (const auto policy = ward::broker::parse_evidence_policy(in)) {
    if (policy->policy.accept_any_tcb) __builtin_trap();
    for (const auto& runtime : policy->runtimes) {
      if (runtime.size() < 32 || runtime.size() > 64) __builtin_trap();
    }
  }
  return 0;
}
