#include "base/bytes.h"
#include "base/fuzz.h"
#include "policy/rego/policy.h"

namespace {

using ward::policy::rego::Contract;
using ward::policy::rego::Documents;
using ward::policy::rego::Policy;
using ward::policy::rego::Refusal;

constexpr std::string_view kInput =
    R"({"snp":{"measurement":"aa","reported_tcb_snp":22},"n":3,"list":[1,2,3]})";

void require_reason(const Refusal& refusal, const Policy& policy) {
  if (refusal.reason.empty() || refusal.rule.empty()) __builtin_trap();
  if (ward::policy::rego::to_text(refusal, policy.file()).empty()) __builtin_trap();
}

}  // namespace

// What does not load says where; what loads answers within its limits, twice the same way unless
// time ended it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 8192) return 0;
  const ward::Bytes in(data, size);
  const auto policy = Policy::load(ward::as_text(in), "f.rego");
  if (!policy) {
    if (policy.error().faults.empty() || to_text(policy.error()).empty()) __builtin_trap();
    return 0;
  }
  for (const auto contract : {Contract::kTrustClaims, Contract::kTrustRules, Contract::kRelease}) {
    if (policy->keeps(contract) && to_text(contract).empty()) __builtin_trap();
  }
  const Documents documents = {
      .input = kInput,
      .data = {},
      .reference_values = R"({"m":["aa"]})",
      .now = {1'700'000'000},
      .limits = {.max_steps = 20'000, .max_memory_bytes = 1U << 20U, .max_time_ms = 5'000}};
  const auto claims = policy->trust_claims(documents);
  if (claims && (claims->claims.empty() || claims->claims.size() > 8)) __builtin_trap();
  if (!claims) require_reason(claims.error(), *policy);
  const auto first = policy->allow(documents);
  const auto second = policy->allow(documents);
  if (first.has_value() != second.has_value()) __builtin_trap();
  if (!first) require_reason(first.error(), *policy);
  return 0;
}
