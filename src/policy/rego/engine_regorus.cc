#include <ward_rego.h>

#include "base/bytes.h"
#include "policy/rego/engine.h"

namespace ward::policy::rego {

namespace {

ward_rego_bytes lent(std::string_view text) {
  return {.data = as_bytes(text).data(), .size = text.size()};
}

// The engine's text as ours; it frees its own.
std::string taken(ward_rego_text text) {
  std::string out;
  if (text.data != nullptr) out.assign(text.data, text.data + text.size);
  ward_rego_free_text(text);
  return out;
}

ward_rego_request request_of(const EngineRequest& request) {
  return {.rule = lent(request.rule),
          .input = lent(request.input),
          .data = lent(request.data),
          .reference_values = lent(request.reference_values),
          .now_ns = request.now_ns,
          .max_steps = request.max_steps,
          .max_memory_bytes = request.max_memory_bytes,
          .max_time_ms = request.max_time_ms};
}

class Regorus final : public EnginePolicy {
 public:
  explicit Regorus(ward_rego_policy* policy) : policy_(policy) {}

  [[nodiscard]] std::string evaluate(const EngineRequest& request) const override {
    const ward_rego_request raw = request_of(request);
    ward_rego_text report = {};
    (void)ward_rego_evaluate(policy_.get(), &raw, &report);
    return taken(report);
  }

  [[nodiscard]] std::string explain(const EngineRequest& request) const override {
    const ward_rego_request raw = request_of(request);
    ward_rego_text report = {};
    (void)ward_rego_explain(policy_.get(), &raw, &report);
    return taken(report);
  }

 private:
  struct Free {
    void operator()(ward_rego_policy* policy) const { ward_rego_free_policy(policy); }
  };

  std::unique_ptr<ward_rego_policy, Free> policy_;
};

}  // namespace

std::string_view engine_name() { return ward_rego_name(); }

std::unique_ptr<EnginePolicy> engine_load(std::string_view text, std::string& report) {
  ward_rego_policy* policy = nullptr;
  ward_rego_text told = {};
  const int result = ward_rego_load(lent(text), &policy, &told);
  report = taken(told);
  if (result != WARD_REGO_OK || policy == nullptr) {
    ward_rego_free_policy(policy);
    return nullptr;
  }
  return std::make_unique<Regorus>(policy);
}

}  // namespace ward::policy::rego
