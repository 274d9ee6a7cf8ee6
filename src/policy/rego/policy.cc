#include "policy/rego/policy.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>

#include "policy/rego/engine.h"
#include "policy/rego/report.h"

namespace ward::policy::rego {

namespace {

using codec::JsonValue;

// AR4SI's (draft-ietf-rats-ar4si, section 2.3), as EAR names them.
constexpr std::array<std::string_view, 8> kClaims = {
    "instance-identity", "configuration",  "executables",    "file-system",
    "hardware",          "runtime-opaque", "storage-opaque", "sourced-data"};

constexpr std::int64_t kNsPerS = 1'000'000'000;

std::string with(std::string_view name, char from, char to) {
  std::string out(name);
  std::replace(out.begin(), out.end(), from, to);
  return out;
}

std::optional<std::int8_t> claim_value(const JsonValue& value) {
  const auto number = value.as_int();
  using Bounds = std::numeric_limits<std::int8_t>;
  if (!number || *number < Bounds::min() || *number > Bounds::max()) return std::nullopt;
  return static_cast<std::int8_t>(*number);
}

// Beyond what 64 bits of nanoseconds hold the nearest end: years 1677 and 2262.
std::int64_t to_ns(UnixTime time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / kNsPerS;
  return std::clamp(time.seconds, -kMost, kMost) * kNsPerS;
}

EngineRequest request_of(std::string_view rule, const Documents& documents) {
  return {.rule = rule,
          .input = documents.input,
          .data = documents.data,
          .reference_values = documents.reference_values,
          .now_ns = to_ns(documents.now),
          .max_steps = documents.limits.max_steps,
          .max_memory_bytes = documents.limits.max_memory_bytes,
          .max_time_ms = documents.limits.max_time_ms};
}

Refusal refused(std::string_view file, std::string_view rule, const std::string& what) {
  return {.undetermined = false,
          .rule = std::string(rule),
          .reason = std::string(file) + ": rule `" + std::string(rule) + "` " + what,
          .conditions = {}};
}

std::string not_small(std::string_view name, std::string_view text) {
  return std::string(name) + " is " + std::string(text.substr(0, 64)) +
         ", not an integer from -128 to 127";
}

Result<TrustClaims, Refusal> claims_of(const JsonValue& object, std::string_view text,
                                       std::string_view file) {
  if (!object.is_object()) return refused(file, "trust_claims", "is not an object");
  TrustClaims out;
  for (const auto& [name, value] : object.members()) {
    const std::string claim = with(name, '_', '-');
    if (std::find(kClaims.begin(), kClaims.end(), claim) == kClaims.end()) {
      return refused(file, "trust_claims", "has `" + name + "`, which is no claim of AR4SI");
    }
    const auto number = claim_value(value);
    if (!number) {
      // The engine's own octets: its texts are the only documents here.
      const std::string_view shown = text.substr(value.begin(), value.end() - value.begin());
      return refused(file, "trust_claims", "does not fit: " + not_small(name, shown));
    }
    for (const auto& [known, _] : out.claims) {
      if (known == claim) return refused(file, "trust_claims", "has `" + claim + "` twice");
    }
    out.claims.emplace_back(claim, *number);
  }
  if (out.claims.empty()) return refused(file, "trust_claims", "has no claim");
  return out;
}

std::string reference_data(const Documents& documents) {
  const std::string_view values =
      documents.reference_values.empty() ? "{}" : documents.reference_values;
  return R"({"reference":)" + std::string(values) + "}";
}

std::string_view verb(Condition::Outcome outcome) {
  switch (outcome) {
    case Condition::Outcome::kFalse:
      return " is false";
    case Condition::Outcome::kUndefined:
      return " is undefined";
    case Condition::Outcome::kHolds:
      return " holds";
    case Condition::Outcome::kUnknown:
      break;
  }
  return " could not be followed";
}

std::string condition_text(const Condition& condition, std::string_view file) {
  std::string out = std::string(file) + ":" + std::to_string(condition.line) + ":" +
                    std::to_string(condition.column) + ": " + condition.rule + ": " +
                    condition.expression;
  out += verb(condition.outcome);
  std::string values;
  for (const auto& [operand, value] : condition.values) {
    values += (values.empty() ? "" : ", ") + operand;
    values += " is " + value;
  }
  if (!values.empty()) out += " (" + values + ")";
  return out;
}

// add_named adds the ids of reference values that an expression names: as texts between quotes, in
// the call of the host's function or below data.reference.
void add_named(std::string_view expression, std::set<std::string>& ids) {
  for (const std::string_view call : {"query_reference_value(\"", "data.reference[\""}) {
    for (std::size_t at = expression.find(call); at != std::string_view::npos;
         at = expression.find(call, at + 1)) {
      const std::string_view rest = expression.substr(at + call.size());
      const auto end = rest.find('"');
      if (end != std::string_view::npos) ids.emplace(rest.substr(0, end));
    }
  }
  constexpr std::string_view kData = "data.reference.";
  constexpr std::string_view kOfName =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  for (std::size_t at = expression.find(kData); at != std::string_view::npos;
       at = expression.find(kData, at + 1)) {
    const std::string_view rest = expression.substr(at + kData.size());
    const std::string_view id = rest.substr(0, rest.find_first_not_of(kOfName));
    if (!id.empty()) ids.emplace(id);
  }
}

// absent_values is a line for each of these ids that there is no value of.
std::string absent_values(const std::set<std::string>& ids, const Documents& documents) {
  const auto values = parse_report(documents.reference_values.empty() ? std::string_view("{}")
                                                                      : documents.reference_values);
  std::string out;
  for (const std::string& id : ids) {
    if (values && values->find(id) != nullptr) continue;
    out += "\nreference value " + id + ": there is none, or its time is over";
  }
  return out;
}

// are_extensions is true of an object, and of a list as the policies of Trustee's own have it:
// [{"name":"ear.trustee.identifiers","key":-18,"value":...}].
bool are_extensions(std::string_view text) {
  const auto json = parse_report(text);
  if (!json || !json->is_array()) return json && json->is_object();
  return std::ranges::all_of(json->items(), [](const codec::JsonValue& item) {
    const codec::JsonValue* name = item.is_object() ? item.find("name") : nullptr;
    return name != nullptr && name->as_string().has_value();
  });
}

}  // namespace

std::string_view engine() { return engine_name(); }

std::string_view to_text(Contract contract) {
  switch (contract) {
    case Contract::kTrustClaims:
      return "trust claims";
    case Contract::kTrustRules:
      return "trust rules";
    case Contract::kRelease:
      return "release";
  }
  return "";
}

std::string to_text(const LoadError& error) {
  std::string out;
  for (const auto& fault : error.faults) {
    if (!out.empty()) out += '\n';
    out += error.file;
    if (fault.line != 0) {
      out += ":" + std::to_string(fault.line) + ":" + std::to_string(fault.column);
    }
    out += ": " + fault.expected;
  }
  return out;
}

std::string to_text(const Refusal& refusal, std::string_view file) {
  std::string out = refusal.reason;
  for (const auto& condition : refusal.conditions) {
    out += "\n" + condition_text(condition, file);
  }
  return out;
}

Policy::Policy(std::string file, std::unique_ptr<EnginePolicy> engine)
    : file_(std::move(file)), engine_(std::move(engine)) {}

Policy::Policy(Policy&&) noexcept = default;
Policy& Policy::operator=(Policy&&) noexcept = default;
Policy::~Policy() = default;

Result<Policy, LoadError> Policy::load(std::string_view text, std::string_view file) {
  LoadError error = {.file = std::string(file), .faults = {}};
  if (engine_name().empty()) {
    error.code = Errc::kUnsupported;
    error.faults.push_back({.expected = "this build of ward has no engine for Rego: build it where "
                                        "cargo and the engine's crates are at hand"});
    return error;
  }
  std::string report;
  auto engine = engine_load(text, report);
  if (!engine) {
    if (report.empty()) error.code = Errc::kUnavailable;
    error.faults = read_faults(report);
    return error;
  }
  Policy policy(std::string(file), std::move(engine));
  if (auto wrong = policy.describe(report)) return *std::move(wrong);
  return policy;
}

std::optional<LoadError> Policy::describe(std::string_view report) {
  const auto parsed = parse_report(report);
  LoadError error = {.file = file_, .faults = {}};
  if (!parsed) {
    error.faults.push_back({.expected = "the engine gave no report"});
    return error;
  }
  syntax_ = string_of(*parsed, "syntax");
  rules_ = strings_of(*parsed, "rules");
  builtins_ = strings_of(*parsed, "builtins");
  const std::string package = string_of(*parsed, "package");
  if (package != "policy") {
    error.faults.push_back(
        {.line = 1, .column = 1, .expected = "expected `package policy`, not `" + package + "`"});
    return error;
  }
  if (!keeps(Contract::kTrustClaims) && !keeps(Contract::kTrustRules) &&
      !keeps(Contract::kRelease)) {
    error.faults.push_back(
        {.expected = "the policy has neither `trust_claims` (an attestation policy), nor rules "
                     "such as `executables` and `hardware` (one of Trustee's up to 2025), nor "
                     "`allow` (a release policy)"});
    return error;
  }
  return std::nullopt;
}

bool Policy::has_rule(std::string_view name) const {
  return std::find(rules_.begin(), rules_.end(), name) != rules_.end();
}

bool Policy::keeps(Contract contract) const {
  switch (contract) {
    case Contract::kTrustClaims:
      return has_rule("trust_claims");
    case Contract::kRelease:
      return has_rule("allow");
    case Contract::kTrustRules:
      return std::any_of(kClaims.begin(), kClaims.end(),
                         [this](auto claim) { return has_rule(with(claim, '-', '_')); });
  }
  return false;
}

Result<std::string, Refusal> Policy::value(std::string_view rule,
                                           const Documents& documents) const {
  const std::string report = engine_->evaluate(request_of(rule, documents));
  Evaluated evaluated = read_value(report, rule, file_, documents.limits);
  if (evaluated.value) return std::move(evaluated.text);
  if (!has_rule(rule)) return refused(file_, rule, "is not in the policy");
  if (!evaluated.refusal.undetermined) evaluated.refusal.conditions = explain(rule, documents);
  return std::move(evaluated.refusal);
}

std::string Policy::why(const std::vector<std::string>& claims, const Documents& documents) const {
  Documents given = documents;
  const std::string reference = reference_data(documents);
  if (documents.data.empty()) given.data = reference;
  std::vector<std::string> rules;
  for (const std::string& claim : claims) {
    const std::string own = with(claim, '-', '_');
    const std::string rule = has_rule(own) ? own : "trust_claims";
    const bool known = std::ranges::find(rules, rule) != rules.end();
    if (!known && has_rule(rule) && rules.size() < kMaxExplained) rules.push_back(rule);
  }
  std::string out;
  std::set<std::string> named;
  for (const std::string& rule : rules) {
    for (const Condition& condition : explain(rule, given)) {
      out += (out.empty() ? "" : "\n") + condition_text(condition, file_);
      add_named(condition.expression, named);
    }
  }
  return out.empty() ? out : out + absent_values(named, documents);
}

std::vector<Condition> Policy::explain(std::string_view rule, const Documents& documents) const {
  return read_conditions(engine_->explain(request_of(rule, documents)));
}

Result<void, Refusal> Policy::allow(const Documents& documents) const {
  WARD_TRY(const std::string text, value("allow", documents));
  if (text == "true") return {};
  if (text != "false") {
    return refused(file_, "allow", "is " + text.substr(0, 64) + ", not a boolean");
  }
  Refusal refusal = refused(file_, "allow", "is false");
  refusal.conditions = explain("allow", documents);
  return refusal;
}

Result<TrustClaims, Refusal> Policy::trust_claims(const Documents& documents) const {
  Documents given = documents;
  const std::string reference = reference_data(documents);
  if (documents.data.empty()) given.data = reference;
  if (keeps(Contract::kTrustClaims)) {
    WARD_TRY(const std::string text, value("trust_claims", given));
    const auto object = parse_report(text);
    if (!object) return refused(file_, "trust_claims", "is not an object");
    WARD_TRY(TrustClaims out, claims_of(*object, text, file_));
    if (!has_rule("extensions")) return out;
    WARD_TRY(out.extensions, value("extensions", given));
    if (!are_extensions(out.extensions)) {
      return refused(file_, "extensions", "is no object, and no list of objects with a name each");
    }
    return out;
  }
  TrustClaims out;
  for (const auto claim : kClaims) {
    const std::string rule = with(claim, '-', '_');
    if (!has_rule(rule)) continue;
    WARD_TRY(const std::string text, value(rule, given));
    const auto parsed = parse_report(text);
    const auto number = parsed ? claim_value(*parsed) : std::nullopt;
    if (!number) return refused(file_, rule, "does not fit: " + not_small("it", text));
    out.claims.emplace_back(claim, *number);
  }
  if (out.claims.empty()) return refused(file_, "trust_claims", "is not in the policy");
  return out;
}

}  // namespace ward::policy::rego
