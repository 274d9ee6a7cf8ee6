#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/json.h"
#include "policy/rego/policy.h"

// The engine's reports as types. Of src/policy/rego alone.
namespace ward::policy::rego {

// A report on a value: exactly one of the two.
struct Evaluated {
  std::optional<codec::JsonValue> value;
  std::string text;  // the value's own octets
  Refusal refusal;
};

[[nodiscard]] std::vector<Diag> read_faults(std::string_view report);
[[nodiscard]] std::vector<Condition> read_conditions(std::string_view report);
[[nodiscard]] Evaluated read_value(std::string_view report, std::string_view rule,
                                   std::string_view file, const Limits& limits);

// parse_report reads what the engine wrote; it may be as large and deep as an engine's value.
[[nodiscard]] std::optional<codec::JsonValue> parse_report(std::string_view report);
[[nodiscard]] std::vector<std::string> strings_of(const codec::JsonValue& report,
                                                  std::string_view name);
[[nodiscard]] std::string string_of(const codec::JsonValue& object, std::string_view name);

}  // namespace ward::policy::rego
