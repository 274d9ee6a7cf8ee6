#include "apps/ward/field_options.h"

#include "tee/all.h"

namespace ward::cli {
namespace {

constexpr const char* kLeast = "--min-value";

Usage no_field(const std::string& option, const std::vector<attest::FieldInfo>& fields,
               const std::string& id) {
  const std::string meant = attest::nearest_field(fields, id);
  return Usage{option + ": no field: " + id,
               !meant.empty() ? "did you mean " + meant + "?"
                              : "docs/checks.md lists them, and `ward checks`: those that speak of "
                                "values that a policy names"};
}

// Named is one demand: "tdx.td_attributes.sept_ve_disable=true". The value is all that stands
// behind the first sign.
struct Named {
  attest::FieldInfo field;
  std::string value;
};

Result<Named, Usage> read_field(const std::string& option, const std::string& text,
                                const std::vector<attest::FieldInfo>& fields) {
  const auto sign = text.find('=');
  const std::string id = text.substr(0, sign);
  if (sign == std::string::npos) {
    return Usage{option + ": no value: " + text, "write FIELD=VALUE"};
  }
  const attest::FieldInfo* field = attest::find_field(fields, id);
  if (field == nullptr) return no_field(option, fields, id);
  std::string value = text.substr(sign + 1);
  if (option == kLeast && !attest::has_order(field->form)) {
    return Usage{
        option + ": " + id + " has no order",
        "only numbers and versions have a least value; name its values with --accept-value"};
  }
  if (!attest::is_possible(field->form, value)) {
    return Usage{option + ": " + id + " never has this value: " + value,
                 "write " + attest::form_text(field->form)};
  }
  return Named{*field, std::move(value)};
}

}  // namespace

Result<void, Usage> add_fields(const FieldOptions& options, attest::Policy& policy) {
  const std::vector<attest::FieldInfo> fields = attest::all_fields(tee::all_schemes());
  for (const std::string& text : options.accept) {
    WARD_TRY(Named named, read_field("--accept-value", text, fields));
    policy.accepted_values[named.field.id].push_back(std::move(named.value));
  }
  for (const std::string& text : options.refuse) {
    WARD_TRY(Named named, read_field("--refuse-value", text, fields));
    policy.refused_values[named.field.id].push_back(std::move(named.value));
  }
  for (const std::string& text : options.least) {
    WARD_TRY(Named named, read_field(kLeast, text, fields));
    if (!policy.minimum_values.emplace(named.field.id, std::move(named.value)).second) {
      return Usage{std::string("--min-value: ") + named.field.id + " was given twice",
                   "name the greater value alone"};
    }
  }
  return {};
}

std::optional<Usage> field_of_another(const attest::Scheme& scheme, const attest::Policy& policy) {
  const attest::SchemeInfo info = scheme.info();
  for (const std::string& id : attest::named_fields(policy)) {
    if (attest::find_field(info.fields, id) == nullptr) {
      return Usage{"evidence of " + std::string(info.name) + " has no field " + id,
                   "name the fields of the TEE whose evidence this is"};
    }
  }
  return std::nullopt;
}

}  // namespace ward::cli
