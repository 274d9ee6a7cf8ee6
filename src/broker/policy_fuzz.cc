#include "base/fuzz.h"
#include "broker/policy.h"

namespace {

constexpr ward::attest::FieldInfo kFields[] = {
    {"x.report.flag", "flag", {.kind = ward::attest::FieldKind::kFlag}},
    {"x.report.version", "version", {.kind = ward::attest::FieldKind::kVersion}},
    {"x.log.items", "items", {.kind = ward::attest::FieldKind::kItems, .size = 48}}};

void require_possible(const std::string& id, const std::string& value) {
  const auto* field = ward::attest::find_field(kFields, id);
  if (field == nullptr || !ward::attest::is_possible(field->form, value)) __builtin_trap();
}

}  // namespace

// What parses holds its bounds, and gives nothing to a resource that it does not name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  if (const auto policy = ward::broker::parse_results_policy(in)) {
    if (policy->rules.size() > ward::broker::kMaxPolicyItems) __builtin_trap();
    const auto* other = policy->rule_for("no such type/and tag");
    const auto* any = policy->rule_for(ward::broker::kAnyResource);
    if (other != any) __builtin_trap();
    for (const auto& rule : policy->rules) {
      // What no list judges, Rego must.
      const bool lists = rule.workloads && rule.runtimes && rule.accepted_tcb;
      if (!lists && rule.rego.empty()) __builtin_trap();
      for (const auto& name : rule.resources) {
        if (policy->rule_for(name) != &rule) __builtin_trap();
      }
    }
  }
  if (const auto policy = ward::broker::parse_evidence_policy(in, kFields)) {
    if (policy->policy.accept_any_tcb) __builtin_trap();
    for (const auto* all : {&policy->policy.accepted_values, &policy->policy.refused_values}) {
      for (const auto& [id, values] : *all) {
        if (values.empty()) __builtin_trap();
        for (const auto& value : values)
          require_possible(id, value);
      }
    }
    for (const auto& [id, value] : policy->policy.minimum_values)
      require_possible(id, value);
    // What no list judges, Rego for the first device must.
    if (!policy->runtimes && !policy->rego.contains("cpu")) __builtin_trap();
    for (const auto& runtime : policy->runtimes.value_or(std::vector<ward::Buffer>())) {
      if (runtime.size() < 32 || runtime.size() > 64) __builtin_trap();
    }
  }
  return 0;
}
