#include "attest/demands.h"

#include <algorithm>

namespace ward::attest {
namespace {

Mistake no_field(const std::string& demand, const std::vector<FieldInfo>& fields,
                 const std::string& id) {
  const std::string meant = nearest_field(fields, id);
  return Mistake{demand + ": no field: " + id,
                 !meant.empty() ? "did you mean " + meant + "?"
                                : "docs/checks.md lists them, and `ward checks`: those that speak "
                                  "of values that a policy names"};
}

// Whether the policy says more of the TCB than the default does.
bool demands_tcb(const Policy& policy) {
  return policy.accept_any_tcb || policy.min_tcb_evaluation.has_value() ||
         policy.accepted_tcb != Policy{}.accepted_tcb;
}

}  // namespace

std::vector<std::string> tcb_statuses(std::span<const Scheme* const> schemes) {
  std::vector<std::string> out;
  for (const Scheme* scheme : schemes) {
    for (const char* status : scheme->info().tcb_statuses)
      if (std::ranges::count(out, status) == 0) out.emplace_back(status);
  }
  return out;
}

std::optional<Mistake> wrong_size(std::string_view demand, std::size_t size, std::size_t wanted,
                                  std::string_view whose) {
  if (size != 0 && (wanted == 0 || size == wanted)) return std::nullopt;
  if (wanted == 0) return Mistake{std::string(demand) + ": no octets", "give the whole field"};
  return Mistake{std::string(demand) + ": " + std::to_string(size) + " octets, but " +
                     std::string(whose) + " has " + std::to_string(wanted),
                 "give the whole field; ward neither pads nor cuts what it compares"};
}

Result<void, Mistake> Demands::accept_tcb(std::string_view status, Policy& policy) const {
  const std::string demand = names_.accept_tcb;
  if (status == "any") {
    policy.accept_any_tcb = true;
    return {};
  }
  if (status == "Revoked")
    return Mistake{demand + ": Revoked is never accepted", "take it off the list"};
  const std::vector<std::string> known = tcb_statuses(schemes_);
  if (std::ranges::count(known, status) == 0) {
    std::string list;
    for (const std::string& one : known)
      list += (list.empty() ? "one of " : ", ") + one;
    return Mistake{demand + ": no TCB status: " + std::string(status), list + ", or any"};
  }
  policy.accepted_tcb.emplace_back(status);
  return {};
}

Result<FieldInfo, Mistake> Demands::field_of(const char* demand, std::string_view id,
                                             std::string_view value) const {
  const std::vector<FieldInfo> fields = all_fields(schemes_);
  const FieldInfo* field = find_field(fields, id);
  if (field == nullptr) return no_field(demand, fields, std::string(id));
  if (std::string_view(demand) == names_.min_value && !has_order(field->form)) {
    return Mistake{std::string(demand) + ": " + field->id + " has no order",
                   std::string("only numbers and versions have a least value; name its values "
                               "with ") +
                       names_.accept_value};
  }
  if (!is_possible(field->form, value)) {
    return Mistake{
        std::string(demand) + ": " + field->id + " never has this value: " + std::string(value),
        "write " + form_text(field->form)};
  }
  return *field;
}

Result<void, Mistake> Demands::accept_value(std::string_view field, std::string_view value,
                                            Policy& policy) const {
  WARD_TRY(const FieldInfo info, field_of(names_.accept_value, field, value));
  policy.accepted_values[info.id].emplace_back(value);
  return {};
}

Result<void, Mistake> Demands::refuse_value(std::string_view field, std::string_view value,
                                            Policy& policy) const {
  WARD_TRY(const FieldInfo info, field_of(names_.refuse_value, field, value));
  policy.refused_values[info.id].emplace_back(value);
  return {};
}

Result<void, Mistake> Demands::min_value(std::string_view field, std::string_view value,
                                         Policy& policy) const {
  WARD_TRY(const FieldInfo info, field_of(names_.min_value, field, value));
  if (!policy.minimum_values.emplace(info.id, value).second) {
    return Mistake{std::string(names_.min_value) + ": " + info.id + " was given twice",
                   "name the greater value alone"};
  }
  return {};
}

std::optional<Mistake> Demands::misplaced(const Scheme& scheme, const Policy& policy) const {
  const SchemeInfo info = scheme.info();
  for (const std::string& id : named_fields(policy)) {
    if (find_field(info.fields, id) == nullptr) {
      return Mistake{"evidence of " + std::string(info.name) + " has no field " + id,
                     "name the fields of the TEE whose evidence this is"};
    }
  }
  if (info.tcb_statuses.empty() && demands_tcb(policy)) {
    return Mistake{std::string(names_.accept_tcb) + ", " + names_.min_tcb_evaluation +
                       ": the maker of " + info.name + " states no TCB status",
                   std::string("name what you accept with ") + names_.min_value + " and " +
                       names_.accept_value};
  }
  return std::nullopt;
}

}  // namespace ward::attest
