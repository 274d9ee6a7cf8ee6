#include "broker/policy.h"

#include <algorithm>
#include <initializer_list>
#include <map>
#include <utility>

#include "attest/demands.h"
#include "broker/platform_ids.h"
#include "codec/json.h"

namespace ward::broker {
namespace {

using codec::JsonValue;

constexpr codec::JsonLimits kLimits{.max_bytes = kMaxPolicyBytes, .max_depth = 8};
constexpr std::size_t kMaxWord = 128;
constexpr std::size_t kMinDigest = 32;
constexpr std::size_t kMaxDigest = 64;

std::string entry_name(std::string_view list, std::size_t index) {
  return std::string(list) + "[" + std::to_string(index) + "]";
}

// Cursor is one object of the document, with what is needed to name a place in it.
class Cursor {
 public:
  Cursor(Bytes text, const JsonValue& object, std::string path)
      : text_(text), object_(object), path_(std::move(path)) {}

  [[nodiscard]] Diag wrong(const JsonValue& at, std::string_view name,
                           std::string_view expected) const {
    return diag_at(text_, at.begin(), path_ + std::string(name), expected);
  }

  [[nodiscard]] Diag missing(std::string_view name, std::string_view expected) const {
    return wrong(object_, name, expected);
  }

  [[nodiscard]] const JsonValue* find(std::string_view name) const { return object_.find(name); }

  [[nodiscard]] Result<void, Diag> only(std::initializer_list<std::string_view> known) const {
    for (const auto& [name, value] : object_.members()) {
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        return wrong(value, name, "no member of this name");
      }
    }
    return {};
  }

  [[nodiscard]] Result<bool, Diag> boolean(std::string_view name, bool otherwise) const {
    const JsonValue* value = find(name);
    if (value == nullptr) return otherwise;
    const auto answer = value->as_bool();
    if (!answer) return wrong(*value, name, "true or false");
    return *answer;
  }

  // words reads a list of different texts that are not empty.
  [[nodiscard]] Result<std::vector<std::string>, Diag> words(std::string_view name) const {
    const JsonValue* list = find(name);
    if (list == nullptr) return missing(name, "a list of texts");
    if (!list->is_array()) return wrong(*list, name, "a list of texts");
    if (list->items().size() > kMaxPolicyItems) return wrong(*list, name, "at most 1024 entries");
    std::vector<std::string> out;
    for (const JsonValue& item : list->items()) {
      const std::string entry = entry_name(name, out.size());
      const auto text = item.as_string();
      if (!text || text->empty() || text->size() > 2 * kMaxWord) {
        return wrong(item, entry, "a text of 1 to 256 octets");
      }
      if (std::find(out.begin(), out.end(), *text) != out.end()) {
        return wrong(item, entry, "each entry once");
      }
      out.emplace_back(*text);
    }
    return out;
  }

  // digests reads a list of digests in hex.
  [[nodiscard]] Result<std::vector<Buffer>, Diag> digests(std::string_view name) const {
    WARD_TRY(const auto texts, words(name));
    std::vector<Buffer> out;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const JsonValue& item = find(name)->items()[i];
      const std::string entry = entry_name(name, i);
      auto octets = from_hex(texts[i]);
      if (!octets) return wrong(item, entry, "32 to 64 octets in hex");
      if (octets->size() < kMinDigest || octets->size() > kMaxDigest) {
        return wrong(item, entry, "32 to 64 octets in hex, not " + std::to_string(octets->size()));
      }
      if (std::find(out.begin(), out.end(), *octets) != out.end()) {
        return wrong(item, entry, "each entry once");
      }
      out.push_back(*std::move(octets));
    }
    return out;
  }

  [[nodiscard]] Bytes text() const { return text_; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  Bytes text_;
  const JsonValue& object_;
  std::string path_;
};

Result<JsonValue, Diag> parse_document(Bytes json, std::string_view schema) {
  WARD_TRY(JsonValue root, codec::parse_json(json, kLimits));
  if (!root.is_object()) return diag_at(json, root.begin(), "", "an object");
  const JsonValue* name = root.find("schema");
  if (name == nullptr || name->as_string() != schema) {
    const std::size_t at = name != nullptr ? name->begin() : root.begin();
    return diag_at(json, at, "schema", "\"" + std::string(schema) + "\"");
  }
  return root;
}

// accepted_tcb is a list of the maker's words; the default is UpToDate alone.
Result<std::vector<std::string>, Diag> accepted_tcb(const Cursor& cursor) {
  if (cursor.find("accepted_tcb") == nullptr) return std::vector<std::string>{"UpToDate"};
  WARD_TRY(auto list, cursor.words("accepted_tcb"));
  if (std::find(list.begin(), list.end(), "Revoked") != list.end()) {
    return cursor.wrong(*cursor.find("accepted_tcb"), "accepted_tcb",
                        "no \"Revoked\": that is never accepted");
  }
  return list;
}

// field_value is a value as policies name it: a text, or for people's ease true, false or a number.
std::optional<std::string> field_value(const JsonValue& item) {
  if (const auto text = item.as_string()) return std::string(*text);
  if (const auto flag = item.as_bool()) return *flag ? "true" : "false";
  if (const auto number = item.as_uint()) return std::to_string(*number);
  return std::nullopt;
}

Result<std::vector<std::string>, Diag> field_values(const Cursor& cursor, const JsonValue& list,
                                                    const attest::FieldInfo& field) {
  const std::string id = field.id;
  if (!list.is_array() || list.items().empty() || list.items().size() > kMaxPolicyItems) {
    return cursor.wrong(list, id, "a list of 1 to 1024 values");
  }
  std::vector<std::string> out;
  for (const JsonValue& item : list.items()) {
    const std::string entry = entry_name(id, out.size());
    auto value = field_value(item);
    if (!value || !attest::is_possible(field.form, *value)) {
      return cursor.wrong(item, entry, attest::form_text(field.form));
    }
    if (attest::is_accepted(field.form, *value, out)) {
      return cursor.wrong(item, entry, "each entry once");
    }
    out.push_back(*std::move(value));
  }
  return out;
}

// for_fields calls `read` for every member of an object of field ids: accepted_values,
// refused_values, minimum_values. Each must be a field that a TEE has.
template <class Read>
Result<void, Diag> for_fields(const Cursor& document, const std::string& name, const char* expected,
                              std::span<const attest::FieldInfo> fields, Read read) {
  const JsonValue* object = document.find(name);
  if (object == nullptr) return {};
  if (!object->is_object()) return document.wrong(*object, name, expected);
  const Cursor cursor(document.text(), *object, name + ".");
  for (const auto& [id, value] : object->members()) {
    const attest::FieldInfo* field = attest::find_field(fields, id);
    if (field == nullptr) {
      const std::string meant = attest::nearest_field(fields, id);
      return cursor.wrong(
          value, id,
          "a field that a TEE has" + (meant.empty() ? "" : "; did you mean " + meant + "?"));
    }
    WARD_CHECK_OK(read(cursor, value, *field));
  }
  return {};
}

using Values = std::map<std::string, std::vector<std::string>>;

Result<Values, Diag> values_by_field(const Cursor& document, const std::string& name,
                                     std::span<const attest::FieldInfo> fields) {
  Values out;
  WARD_CHECK_OK(for_fields(document, name, "an object: fields, with lists of values", fields,
                           [&](const Cursor& cursor, const JsonValue& list,
                               const attest::FieldInfo& field) -> Result<void, Diag> {
                             WARD_TRY(out[field.id], field_values(cursor, list, field));
                             return {};
                           }));
  return out;
}

// A least value is a whole number, or a text: a version, or a number too.
Result<std::map<std::string, std::string>, Diag> minimum_values(
    const Cursor& document, std::span<const attest::FieldInfo> fields) {
  std::map<std::string, std::string> out;
  WARD_CHECK_OK(for_fields(
      document, "minimum_values", "an object: fields, each with its least value", fields,
      [&](const Cursor& cursor, const JsonValue& value,
          const attest::FieldInfo& field) -> Result<void, Diag> {
        const auto number = value.as_uint();
        const std::string text =
            number ? std::to_string(*number) : std::string(value.as_string().value_or(""));
        if (!attest::has_order(field.form) || !attest::is_possible(field.form, text)) {
          return cursor.wrong(value, field.id,
                              attest::has_order(field.form)
                                  ? attest::form_text(field.form)
                                  : "a field of numbers or versions: only they have a least value");
        }
        out[field.id] = text;
        return {};
      }));
  return out;
}

constexpr const char* kDay = "a date like 2026-12-31, or a time like 2026-12-31T12:00:00Z";

Result<std::optional<UnixTime>, Diag> min_tcb_date(const Cursor& document) {
  const JsonValue* value = document.find("min_tcb_date");
  if (value == nullptr) return std::optional<UnixTime>();
  const auto day = parse_day(value->as_string().value_or(""));
  if (!day) return document.wrong(*value, "min_tcb_date", kDay);
  return day;
}

// Advisories, each with the last day on which it is tolerated.
Result<std::map<std::string, UnixTime>, Diag> tolerated_advisories(const Cursor& document) {
  std::map<std::string, UnixTime> out;
  const std::string name = "tolerated_advisories";
  const JsonValue* object = document.find(name);
  if (object == nullptr) return out;
  if (!object->is_object() || object->members().size() > kMaxPolicyItems) {
    return document.wrong(*object, name, "an object: advisories, each with its last day");
  }
  const Cursor cursor(document.text(), *object, name + ".");
  for (const auto& [advisory, value] : object->members()) {
    const auto id = attest::advisory_id(advisory);
    if (!id) return cursor.wrong(value, advisory, "an advisory's id, like INTEL-SA-00615");
    const auto until = end_of_day(value.as_string().value_or(""));
    if (!until) return cursor.wrong(value, advisory, kDay);
    if (!out.emplace(*id, *until).second) return cursor.wrong(value, advisory, "each once");
  }
  return out;
}

Result<std::optional<std::vector<Buffer>>, Diag> accepted_chips(const Cursor& document) {
  std::optional<std::vector<Buffer>> out;
  const JsonValue* list = document.find("accepted_chips");
  if (list == nullptr) return out;
  WARD_TRY(const auto texts, document.words("accepted_chips"));
  if (texts.empty()) return document.wrong(*list, "accepted_chips", "at least one chip");
  out.emplace();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto chip = attest::chip_id(texts[i]);
    if (!chip) {
      return document.wrong(list->items()[i], entry_name("accepted_chips", i),
                            "a chip's id, 8 to 64 octets in hex");
    }
    out->push_back(*std::move(chip));
  }
  return out;
}

// Every TEE has fields, whose ids begin with its name.
Result<std::map<std::string, std::size_t>, Diag> required_parts(
    const Cursor& document, std::span<const attest::FieldInfo> fields) {
  constexpr std::uint64_t kMost = 64;
  std::map<std::string, std::size_t> out;
  const JsonValue* object = document.find("required_parts");
  if (object == nullptr) return out;
  if (!object->is_object()) {
    return document.wrong(*object, "required_parts", "an object: TEEs, with numbers");
  }
  const Cursor cursor(document.text(), *object, "required_parts.");
  for (const auto& [tee, value] : object->members()) {
    const bool known =
        std::ranges::any_of(fields, [&, &name = tee](const attest::FieldInfo& field) {
          return std::string_view(field.id).starts_with(name + ".");
        });
    if (!known) return cursor.wrong(value, tee, "a TEE");
    const auto number = value.as_uint();
    if (!number || *number == 0 || *number > kMost) {
      return cursor.wrong(value, tee, "a number of devices, 1 to 64");
    }
    out.emplace(tee, static_cast<std::size_t>(*number));
  }
  return out;
}

// Rego is text of its own; where it stands is all that is looked at here.
Result<std::string, Diag> rego_text(const Cursor& cursor, const JsonValue& value,
                                    std::string_view name) {
  const auto text = value.as_string();
  if (!text || text->empty()) return cursor.wrong(value, name, "a policy in Rego, as a text");
  return std::string(*text);
}

Result<std::map<std::string, std::string>, Diag> rego_by_class(const Cursor& document) {
  std::map<std::string, std::string> out;
  const JsonValue* object = document.find("rego");
  if (object == nullptr) return out;
  if (!object->is_object() || object->members().empty()) {
    return document.wrong(*object, "rego", "an object: cpu, gpu or switch, each with a policy");
  }
  const Cursor cursor(document.text(), *object, "rego.");
  for (const auto& [name, value] : object->members()) {
    if (std::ranges::find(kDeviceClasses, name) == kDeviceClasses.end()) {
      return cursor.wrong(value, name, "cpu, gpu or switch");
    }
    WARD_TRY(out[name], rego_text(cursor, value, name));
  }
  return out;
}

// The measurements of a policy for evidence; Rego for the first device may judge them instead.
Result<std::optional<std::vector<Buffer>>, Diag> runtimes_of(
    const Cursor& document, const std::map<std::string, std::string>& rego) {
  using Runtimes = std::optional<std::vector<Buffer>>;
  if (document.find("runtimes") == nullptr && rego.contains("cpu")) return Runtimes();
  WARD_TRY(auto list, document.digests("runtimes"));
  return Runtimes(std::move(list));
}

// is_type_and_tag accepts "type/tag": resource paths are checked again where they are used.
bool is_type_and_tag(std::string_view text) {
  return std::count(text.begin(), text.end(), '/') == 1 && text.front() != '/' &&
         text.back() != '/';
}

Result<ReleaseRule, Diag> parse_rule(const Cursor& cursor) {
  WARD_CHECK_OK(cursor.only({"resources", "workloads", "runtimes", "signers", "accepted_tcb",
                             "allow_debug", "allow_development", "rego"}));
  ReleaseRule rule;
  const JsonValue* rego = cursor.find("rego");
  if (rego != nullptr) {
    WARD_TRY(rule.rego, rego_text(cursor, *rego, "rego"));
  }
  const auto left_to_rego = [&](std::string_view name) {
    return rego != nullptr && cursor.find(name) == nullptr;
  };
  WARD_TRY(rule.resources, cursor.words("resources"));
  for (std::size_t i = 0; i < rule.resources.size(); ++i) {
    if (rule.resources[i] != kAnyResource && !is_type_and_tag(rule.resources[i])) {
      return cursor.wrong(cursor.find("resources")->items()[i], "resources",
                          "\"type/tag\", or \"*\"");
    }
  }
  if (!left_to_rego("workloads")) {
    WARD_TRY(rule.workloads, cursor.digests("workloads"));
  }
  if (!left_to_rego("runtimes")) {
    WARD_TRY(rule.runtimes, cursor.digests("runtimes"));
  }
  if (cursor.find("signers") != nullptr) {
    WARD_TRY(auto signers, cursor.digests("signers"));
    rule.signers = std::move(signers);
  }
  rule.accepted_tcb.reset();
  if (!left_to_rego("accepted_tcb")) {
    WARD_TRY(rule.accepted_tcb, accepted_tcb(cursor));
  }
  WARD_TRY(rule.allow_debug, cursor.boolean("allow_debug", false));
  WARD_TRY(rule.allow_development, cursor.boolean("allow_development", false));
  return rule;
}

}  // namespace

const ReleaseRule* ResultsPolicy::rule_for(std::string_view type_and_tag) const {
  for (const std::string_view name : {type_and_tag, kAnyResource}) {
    const auto rule = std::ranges::find_if(rules, [&](const ReleaseRule& one) {
      return std::ranges::find(one.resources, name) != one.resources.end();
    });
    if (rule != rules.end()) return &*rule;
  }
  return nullptr;
}

namespace {

// read_refused reads the lists of what an incident concerns.
Result<void, Diag> read_refused(const Cursor& cursor, EvidencePolicy& out) {
  const auto words = [&](std::string_view name) -> Result<std::vector<std::string>, Diag> {
    if (cursor.find(name) == nullptr) return std::vector<std::string>();
    return cursor.words(name);
  };
  WARD_TRY(out.refused_platforms, words("refused_platforms"));
  for (std::size_t i = 0; i < out.refused_platforms.size(); ++i) {
    const std::string& one = out.refused_platforms[i];
    if (one.size() == kPlatformDigits &&
        one.find_first_not_of("0123456789abcdef") == std::string::npos) {
      continue;
    }
    return cursor.wrong(cursor.find("refused_platforms")->items()[i],
                        entry_name("refused_platforms", i), "a machine's name, 32 digits in hex");
  }
  WARD_TRY(out.refused_advisories, words("refused_advisories"));
  for (std::size_t i = 0; i < out.refused_advisories.size(); ++i) {
    const auto id = attest::advisory_id(out.refused_advisories[i]);
    if (id && *id == out.refused_advisories[i]) continue;
    return cursor.wrong(cursor.find("refused_advisories")->items()[i],
                        entry_name("refused_advisories", i),
                        "an advisory's id, like INTEL-SA-00615");
  }
  if (cursor.find("refused_workloads") != nullptr) {
    WARD_TRY(out.refused_workloads, cursor.digests("refused_workloads"));
  }
  return {};
}

}  // namespace

Result<EvidencePolicy, Diag> parse_evidence_policy(Bytes json,
                                                   std::span<const attest::FieldInfo> fields) {
  WARD_TRY(const JsonValue root, parse_document(json, kEvidenceSchema));
  const Cursor cursor(json, root, "");
  WARD_CHECK_OK(cursor.only(
      {"schema", "name", "accepted_tcb", "allow_debug", "allow_development", "min_tcb_evaluation",
       "runtimes", "accepted_values", "refused_values", "minimum_values", "require_revocation",
       "min_tcb_date", "tolerated_advisories", "accepted_chips", "required_parts",
       "refused_platforms", "refused_workloads", "refused_advisories", "rego"}));
  EvidencePolicy out;
  out.policy.name = "evidence policy";
  if (const JsonValue* name = cursor.find("name")) {
    const auto text = name->as_string();
    if (!text || text->empty() || text->size() > kMaxWord) {
      return cursor.wrong(*name, "name", "a text of 1 to 128 octets");
    }
    out.policy.name = std::string(*text);
  }
  WARD_TRY(out.policy.accepted_tcb, accepted_tcb(cursor));
  WARD_TRY(out.policy.allow_debug, cursor.boolean("allow_debug", false));
  WARD_TRY(out.policy.allow_development, cursor.boolean("allow_development", false));
  if (const JsonValue* number = cursor.find("min_tcb_evaluation")) {
    out.policy.min_tcb_evaluation = number->as_uint();
    if (!out.policy.min_tcb_evaluation) {
      return cursor.wrong(*number, "min_tcb_evaluation", "a whole number");
    }
  }
  WARD_TRY(out.rego, rego_by_class(cursor));
  WARD_TRY(out.runtimes, runtimes_of(cursor, out.rego));
  WARD_TRY(out.policy.accepted_values, values_by_field(cursor, "accepted_values", fields));
  WARD_TRY(out.policy.refused_values, values_by_field(cursor, "refused_values", fields));
  WARD_TRY(out.policy.minimum_values, minimum_values(cursor, fields));
  WARD_TRY(out.policy.require_revocation, cursor.boolean("require_revocation", true));
  WARD_TRY(out.policy.min_tcb_date, min_tcb_date(cursor));
  WARD_TRY(out.policy.tolerated, tolerated_advisories(cursor));
  WARD_TRY(out.policy.chips, accepted_chips(cursor));
  WARD_TRY(out.required_parts, required_parts(cursor, fields));
  WARD_CHECK_OK(read_refused(cursor, out));
  return out;
}

Result<ResultsPolicy, Diag> parse_results_policy(Bytes json) {
  WARD_TRY(const JsonValue root, parse_document(json, kResultsSchema));
  const Cursor cursor(json, root, "");
  WARD_CHECK_OK(cursor.only({"schema", "releases"}));
  const JsonValue* list = cursor.find("releases");
  if (list == nullptr) return cursor.missing("releases", "a list of rules");
  if (!list->is_array() || list->items().size() > kMaxPolicyItems) {
    return cursor.wrong(*list, "releases", "a list of at most 1024 rules");
  }
  ResultsPolicy out;
  for (std::size_t i = 0; i < list->items().size(); ++i) {
    const JsonValue& item = list->items()[i];
    const std::string path = "releases[" + std::to_string(i) + "]";
    if (!item.is_object()) return diag_at(json, item.begin(), path, "an object");
    WARD_TRY(ReleaseRule rule, parse_rule(Cursor(json, item, path + ".")));
    for (const std::string& name : rule.resources) {
      const ReleaseRule* other = out.rule_for(name);
      if (other != nullptr && std::ranges::find(other->resources, name) != other->resources.end()) {
        return diag_at(json, item.begin(), path + ".resources", "each resource in one rule only");
      }
    }
    out.rules.push_back(std::move(rule));
  }
  return out;
}

}  // namespace ward::broker
