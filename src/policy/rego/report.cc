#include "policy/rego/report.h"

#include <array>
#include <utility>

namespace ward::policy::rego {

namespace {

using codec::JsonValue;

constexpr codec::JsonLimits kReportLimits = {
    .max_bytes = 16U << 20U, .max_depth = codec::kMaxJsonDepth, .max_values = 1'000'000};

std::uint32_t number_of(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  const auto number = value == nullptr ? std::nullopt : value->as_uint();
  return number && *number <= UINT32_MAX ? static_cast<std::uint32_t>(*number) : 0;
}

std::string place(std::string_view file, std::uint32_t line, std::uint32_t column) {
  std::string out(file);
  if (line == 0) return out;
  return out + ":" + std::to_string(line) + ":" + std::to_string(column);
}

std::string limit_reason(std::string_view limit, const Limits& limits) {
  if (limit == "steps") {
    return "went over its limit of " + std::to_string(limits.max_steps) + " steps";
  }
  if (limit == "memory") {
    return "went over its limit of memory (" + std::to_string(limits.max_memory_bytes) +
           " octets, 1 MiB of them in one piece)";
  }
  if (limit == "time") {
    return "went over its limit of " + std::to_string(limits.max_time_ms) + " ms";
  }
  if (limit == "size") return "made or handed on a value of more than 512 KiB";
  if (limit == "stuck") {
    return "went over its time in one step, and is not evaluated again until that step ends";
  }
  if (limit == "busy") return "was not evaluated: too many evaluations are still running";
  return "could not be evaluated: no thread for it";
}

Refusal undetermined(std::string_view rule, const std::string& what) {
  return {
      .undetermined = true,
      .rule = std::string(rule),
      .reason = "the policy's rule `" + std::string(rule) + "` " + what + ": nothing is decided",
      .conditions = {}};
}

Refusal failed(const JsonValue& report, std::string_view rule, std::string_view file) {
  const std::string at = place(file, number_of(report, "line"), number_of(report, "column"));
  return {.undetermined = false,
          .rule = std::string(rule),
          .reason = at + ": rule `" + std::string(rule) +
                    "` cannot be evaluated: " + string_of(report, "message"),
          .conditions = {}};
}

Condition::Outcome outcome_of(std::string_view name) {
  constexpr std::array kNames = {
      std::pair(std::string_view("false"), Condition::Outcome::kFalse),
      std::pair(std::string_view("undefined"), Condition::Outcome::kUndefined),
      std::pair(std::string_view("holds"), Condition::Outcome::kHolds)};
  for (const auto& [text, outcome] : kNames) {
    if (text == name) return outcome;
  }
  return Condition::Outcome::kUnknown;
}

}  // namespace

std::optional<JsonValue> parse_report(std::string_view report) {
  auto parsed = codec::parse_json(as_bytes(report), kReportLimits);
  if (!parsed) return std::nullopt;
  return *std::move(parsed);
}

std::string string_of(const JsonValue& object, std::string_view name) {
  const JsonValue* const value = object.find(name);
  const auto text = value == nullptr ? std::nullopt : value->as_string();
  return std::string(text.value_or(""));
}

std::vector<std::string> strings_of(const JsonValue& report, std::string_view name) {
  std::vector<std::string> out;
  const JsonValue* const list = report.find(name);
  if (list == nullptr) return out;
  for (const auto& item : list->items()) {
    out.emplace_back(item.as_string().value_or(""));
  }
  return out;
}

std::vector<Diag> read_faults(std::string_view report) {
  std::vector<Diag> out;
  const auto parsed = parse_report(report);
  const JsonValue* const errors = parsed ? parsed->find("errors") : nullptr;
  if (errors != nullptr) {
    for (const auto& error : errors->items()) {
      out.push_back({.line = number_of(error, "line"),
                     .column = number_of(error, "column"),
                     .path = {},
                     .expected = string_of(error, "message")});
    }
  }
  if (out.empty()) out.push_back({.expected = "the engine did not say what is wrong"});
  return out;
}

std::vector<Condition> read_conditions(std::string_view report) {
  std::vector<Condition> out;
  const auto parsed = parse_report(report);
  const JsonValue* const list = parsed ? parsed->find("conditions") : nullptr;
  if (list == nullptr) return out;
  for (const auto& item : list->items()) {
    Condition condition = {.rule = string_of(item, "rule"),
                           .line = number_of(item, "line"),
                           .column = number_of(item, "column"),
                           .expression = string_of(item, "expression"),
                           .outcome = outcome_of(string_of(item, "outcome")),
                           .values = {}};
    if (const JsonValue* const values = item.find("values")) {
      for (const auto& value : values->items()) {
        condition.values.emplace_back(string_of(value, "expression"), string_of(value, "value"));
      }
    }
    out.push_back(std::move(condition));
  }
  return out;
}

Evaluated read_value(std::string_view report, std::string_view rule, std::string_view file,
                     const Limits& limits) {
  const auto parsed = parse_report(report);
  if (!parsed) return {.refusal = undetermined(rule, "could not be evaluated by the engine")};
  const std::string outcome = string_of(*parsed, "outcome");
  const JsonValue* const value = parsed->find("value");
  if (outcome == "value" && value != nullptr) {
    return {.value = *value, .text = std::string(as_text(value->raw(as_bytes(report))))};
  }
  if (outcome == "limit") {
    return {.refusal = undetermined(rule, limit_reason(string_of(*parsed, "limit"), limits))};
  }
  if (outcome == "missing") {
    std::string ids;
    for (const auto& id : strings_of(*parsed, "ids")) {
      ids += (ids.empty() ? "`" : ", `") + id + "`";
    }
    return {.refusal = {
                .rule = std::string(rule),
                .reason = std::string(file) + ": rule `" + std::string(rule) +
                          "` needs reference values that are not there, or have ended: " + ids}};
  }
  if (outcome == "undefined") {
    return {.refusal = {.rule = std::string(rule),
                        .reason = std::string(file) + ": rule `" + std::string(rule) +
                                  "` is undefined: none of its bodies holds"}};
  }
  return {.refusal = failed(*parsed, rule, file)};
}

}  // namespace ward::policy::rego
