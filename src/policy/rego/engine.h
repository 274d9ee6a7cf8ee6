#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// The engine that this build has: regorus (engine_regorus.cc), or none (engine_absent.cc). It
// speaks JSON: third_party/engines/rego/ward_rego.h has the forms. Of src/policy/rego alone.
namespace ward::policy::rego {

// What one evaluation is given; JSON texts, borrowed during the call.
struct EngineRequest {
  std::string_view rule;
  std::string_view input;
  std::string_view data;
  std::string_view reference_values;
  std::int64_t now_ns = 0;
  std::uint64_t max_steps = 0;
  std::uint64_t max_memory_bytes = 0;
  std::uint64_t max_time_ms = 0;
};

// EnginePolicy is a policy that the engine has read. Const calls may come from several threads.
class EnginePolicy {
 public:
  EnginePolicy() = default;
  EnginePolicy(const EnginePolicy&) = delete;
  EnginePolicy& operator=(const EnginePolicy&) = delete;
  virtual ~EnginePolicy() = default;

  // Each gives the engine's report; empty where it could not be asked.
  [[nodiscard]] virtual std::string evaluate(const EngineRequest& request) const = 0;
  [[nodiscard]] virtual std::string explain(const EngineRequest& request) const = 0;
};

// engine_name is "regorus 0.14.1"; empty in a build without an engine.
[[nodiscard]] std::string_view engine_name();

// engine_load reads a policy's text. Null, with the reasons in `report`, where it is refused.
[[nodiscard]] std::unique_ptr<EnginePolicy> engine_load(std::string_view text, std::string& report);

}  // namespace ward::policy::rego
