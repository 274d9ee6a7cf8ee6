#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "apps/ward/policy_rego.h"
#include "codec/json.h"

namespace ward::cli {

namespace {

using codec::JsonValue;
using policy::rego::Policy;
using policy::rego::Refusal;

constexpr std::size_t kMaxCases = 1024;
constexpr codec::JsonLimits kLimits = {.max_bytes = 16U << 20U, .max_depth = 64};

Diag at(Bytes json, const JsonValue& value, const std::string& path, std::string_view expected) {
  return diag_at(json, value.begin(), path, expected);
}

constexpr std::array<std::string_view, 5> kWants = {"allow", "claims", "extensions", "refused",
                                                    "undetermined"};

bool is_want(const JsonValue& value) {
  const auto& members = value.members();
  if (!value.is_object() || members.empty()) return false;
  for (const auto& [name, what] : members) {
    if (std::find(kWants.begin(), kWants.end(), name) == kWants.end()) return false;
    const bool object = name == "claims" || name == "extensions";
    if (object != what.is_object() && object) return false;
    if (name == "allow" && !what.as_bool()) return false;
    if (name == "refused" && !what.as_string()) return false;
    if (name == "undetermined" && what.as_bool() != true) return false;
  }
  const bool both =
      members.size() == 2 && value.find("claims") != nullptr && value.find("extensions") != nullptr;
  return both || (members.size() == 1 && value.find("extensions") == nullptr);
}

std::string raw(Bytes json, const JsonValue& value) {
  return std::string(as_text(value.raw(json)));
}

Result<PolicyCase, Diag> parse_case(Bytes json, const JsonValue& value, const std::string& path) {
  if (!value.is_object()) return at(json, value, path, "an object");
  PolicyCase out;
  for (const auto& [name, member] : value.members()) {
    std::string place = path;
    place.append(".").append(name);
    if (name == "name") {
      if (!member.as_string()) return at(json, member, place, "a string");
      out.name = *member.as_string();
    } else if (name == "now") {
      const auto now = parse_rfc3339(member.as_string().value_or(""));
      if (!now) return at(json, member, place, "a time, \"2026-01-31T00:00:00Z\"");
      out.now = *now;
    } else if (name == "input") {
      out.input = raw(json, member);
    } else if (name == "data" || name == "reference_values") {
      if (!member.is_object()) return at(json, member, place, "an object");
      (name == "data" ? out.data : out.reference_values) = raw(json, member);
    } else if (name == "want") {
      if (!is_want(member)) {
        return at(json, member, place,
                  "one of {\"claims\": {}}, {\"claims\": {}, \"extensions\": {}}, "
                  "{\"allow\": true or false}, {\"refused\": \"part of the reason\"}, "
                  "{\"undetermined\": true}");
      }
      out.want = raw(json, member);
    } else {
      return at(json, member, place, "no member of this name");
    }
  }
  if (out.name.empty()) return at(json, value, path, "a name");
  if (out.want.empty()) return at(json, value, path, "a member `want`");
  return out;
}

using Pairs = std::vector<std::pair<const JsonValue*, const JsonValue*>>;

bool same_scalar(const JsonValue& a, const JsonValue& b) {
  return a.as_bool() == b.as_bool() && a.as_int() == b.as_int() && a.as_uint() == b.as_uint() &&
         a.as_double() == b.as_double() && a.as_string() == b.as_string();
}

// Adds what two values hold to `todo`; false where they differ as far as can be seen without that.
bool open_pair(const JsonValue& a, const JsonValue& b, Pairs& todo) {
  if (a.kind() != b.kind() || a.members().size() != b.members().size() ||
      a.items().size() != b.items().size()) {
    return false;
  }
  for (const JsonValue::Member& member : a.members()) {
    const JsonValue* const other = b.find(member.first);
    if (other == nullptr) return false;
    todo.emplace_back(&member.second, other);
  }
  for (std::size_t i = 0; i < a.items().size(); ++i) {
    todo.emplace_back(&a.items()[i], &b.items()[i]);
  }
  return same_scalar(a, b);
}

// The same value, whatever the order of members; an integer is no double.
bool same(const JsonValue& a, const JsonValue& b) {
  Pairs todo = {{&a, &b}};
  while (!todo.empty()) {
    const auto next = todo.back();
    todo.pop_back();
    if (!open_pair(*next.first, *next.second, todo)) return false;
  }
  return true;
}

// What is wanted is a part of the case's `want`; empty where `got` is the same.
std::string compared(std::string_view text, const JsonValue& want, std::string_view got) {
  const auto parsed = codec::parse_json(as_bytes(got), kLimits);
  if (parsed && same(want, *parsed)) return {};
  return "wanted " + raw(as_bytes(text), want) + ", got " + std::string(got);
}

std::string refused(const Policy& policy, const Refusal& refusal) {
  return (refusal.undetermined ? "undetermined: " : "refused: ") + to_text(refusal, policy.file());
}

std::string differs(std::string_view want, std::string_view got) {
  return "wanted " + std::string(want) + ", got " + std::string(got);
}

std::string claims_text(const policy::rego::TrustClaims& claims) {
  std::string out = "{";
  for (const auto& [name, value] : claims.claims) {
    out += (out.size() > 1 ? ",\"" : "\"") + name + "\":" + std::to_string(value);
  }
  return out + "}";
}

// The claims whose values are not the wanted ones.
std::vector<std::string> unwanted(const policy::rego::TrustClaims& claims, const JsonValue& want) {
  std::vector<std::string> out;
  for (const auto& [name, value] : claims.claims) {
    const JsonValue* const wanted = want.find(name);
    if (wanted == nullptr || wanted->as_int() != value) out.push_back(name);
  }
  return out;
}

std::string claims_difference(const Policy& policy, const policy::rego::Documents& documents,
                              const JsonValue& want, std::string_view text) {
  const auto got = policy.trust_claims(documents);
  if (!got) return differs("claims", refused(policy, got.error()));
  std::string claims = compared(text, *want.find("claims"), claims_text(*got));
  if (!claims.empty()) {
    const std::string why = policy.why(unwanted(*got, *want.find("claims")), documents);
    if (!why.empty()) claims += "\n" + why;
  }
  const JsonValue* const extensions = want.find("extensions");
  if (!claims.empty() || extensions == nullptr) return claims;
  return compared(text, *extensions, got->extensions.empty() ? "{}" : got->extensions);
}

// The refusal of a policy that is asked by its own contract; nullopt where it accepts.
std::optional<Refusal> refusal_of(const Policy& policy, const policy::rego::Documents& documents) {
  if (policy.keeps(policy::rego::Contract::kRelease)) {
    const auto got = policy.allow(documents);
    return got ? std::nullopt : std::optional(got.error());
  }
  const auto got = policy.trust_claims(documents);
  return got ? std::nullopt : std::optional(got.error());
}

}  // namespace

Result<PolicyCases, Diag> parse_policy_cases(Bytes json) {
  WARD_TRY(const JsonValue top, codec::parse_json(json, kLimits));
  const JsonValue* const schema = top.find("schema");
  if (schema == nullptr || schema->as_string() != "ward.policy-cases/1") {
    return diag_at(json, 0, "schema", "\"ward.policy-cases/1\"");
  }
  PolicyCases out;
  for (const auto& [name, value] : top.members()) {
    if (name == "schema") continue;
    if (name == "policy") {
      if (!value.as_string()) return at(json, value, name, "a path");
      out.policy = *value.as_string();
    } else if (name == "cases") {
      if (!value.is_array() || value.items().empty() || value.items().size() > kMaxCases) {
        return at(json, value, name, "a list of 1 to 1024 cases");
      }
      for (const auto& item : value.items()) {
        const std::string path = "cases[" + std::to_string(out.cases.size()) + "]";
        WARD_TRY(PolicyCase one, parse_case(json, item, path));
        out.cases.push_back(std::move(one));
      }
    } else {
      return at(json, value, name, "no member of this name");
    }
  }
  if (out.policy.empty()) return diag_at(json, 0, "policy", "the policy's path");
  if (out.cases.empty()) return diag_at(json, 0, "cases", "a list of 1 to 1024 cases");
  return out;
}

std::string difference(const Policy& policy, const PolicyCase& one) {
  const policy::rego::Documents documents = {.input = one.input,
                                             .data = one.data,
                                             .reference_values = one.reference_values,
                                             .now = one.now};
  const auto want = codec::parse_json(as_bytes(one.want), kLimits);
  if (!want) return "what is wanted cannot be read";
  if (want->find("claims") != nullptr) {
    return claims_difference(policy, documents, *want, one.want);
  }
  if (const JsonValue* const allow = want->find("allow")) {
    const auto got = policy.allow(documents);
    const bool decided = got.has_value() || !got.error().undetermined;
    if (decided && allow->as_bool() == got.has_value()) return {};
    return differs(*allow->as_bool() ? "allow" : "no allow",
                   got ? "allow" : refused(policy, got.error()));
  }
  const auto refusal = refusal_of(policy, documents);
  const JsonValue* const part = want->find("refused");
  const std::string wanted = part == nullptr ? "undetermined" : "refused";
  if (!refusal) return differs(wanted, "an answer");
  const std::string got = refused(policy, *refusal);
  const bool same = refusal->undetermined == (part == nullptr) &&
                    (part == nullptr || got.find(*part->as_string()) != std::string::npos);
  return same ? std::string() : differs(part == nullptr ? wanted : one.want, got);
}

}  // namespace ward::cli
