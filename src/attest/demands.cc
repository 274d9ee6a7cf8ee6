#include "attest/demands.h"

#include <algorithm>

#include "attest/policy_check.h"
#include "base/text.h"

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

constexpr std::size_t kMaxAdvisoryId = 64;
constexpr const char* kAdvisoryLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

// Octets of a chip's id: Turin's CHIP_ID is the shortest, that of the other lines the longest.
constexpr std::size_t kMinChip = 8;
constexpr std::size_t kMaxChip = 64;
constexpr std::size_t kMaxChips = 1U << 20U;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

// Where memory ends, no empty list is left behind, which would accept no value.
void add_value(std::map<std::string, std::vector<std::string>>& lists, const char* id,
               std::string_view value) {
  std::vector<std::string> one{std::string(value)};
  const auto at = lists.find(id);
  if (at == lists.end()) {
    lists.emplace(id, std::move(one));
  } else {
    at->second.push_back(std::move(one.front()));
  }
}

// Whether the policy says more of the TCB than the default does.
bool demands_tcb(const Policy& policy) {
  return policy.accept_any_tcb || policy.min_tcb_evaluation.has_value() ||
         policy.min_tcb_date.has_value() || !policy.tolerated.empty() ||
         policy.accepted_tcb != Policy{}.accepted_tcb;
}

}  // namespace

std::vector<std::string> tcb_statuses(std::span<const Scheme* const> schemes) {
  std::vector<std::string> out;
  for (const Scheme* scheme : schemes) {
    for (const char* status : scheme->info().tcb_statuses) {
      if (std::ranges::count(out, status) == 0) out.emplace_back(status);
    }
  }
  return out;
}

std::optional<Mistake> wrong_size(std::string_view demand, std::size_t size, std::size_t wanted,
                                  std::string_view whose, std::span<const std::size_t> several) {
  const std::span<const std::size_t> all = wanted != 0 ? std::span(&wanted, 1) : several;
  if (size != 0 && (all.empty() || std::ranges::count(all, size) > 0)) return std::nullopt;
  if (all.empty()) return Mistake{std::string(demand) + ": no octets", "give the whole field"};
  return Mistake{std::string(demand) + ": " + std::to_string(size) + " octets, but " +
                     std::string(whose) + " has " + sizes_text(all),
                 "give the whole field; ward neither pads nor cuts what it compares"};
}

std::optional<std::string> advisory_id(std::string_view text) {
  std::string id(text);
  for (char& c : id) {
    c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  }
  const bool possible = id.size() <= kMaxAdvisoryId && id.find('-') != std::string::npos &&
                        !id.starts_with("CVE-") &&
                        id.find_first_not_of(kAdvisoryLetters) == std::string::npos;
  return possible ? std::optional(std::move(id)) : std::nullopt;
}

std::optional<Buffer> chip_id(std::string_view text) {
  auto id = from_hex(text);
  const bool possible = id && id->size() >= kMinChip && id->size() <= kMaxChip && !all_zero(*id);
  return possible ? std::move(id) : std::nullopt;
}

Result<void, Mistake> Demands::accept_tcb(std::string_view status, Policy& policy) const {
  const std::string demand = names_.accept_tcb;
  if (status == "any") {
    policy.accept_any_tcb = true;
    return {};
  }
  if (status == "Revoked") {
    return Mistake{demand + ": Revoked is never accepted", "take it off the list"};
  }
  const std::vector<std::string> known = tcb_statuses(schemes_);
  if (std::ranges::count(known, status) == 0) {
    std::string list;
    for (const std::string& one : known) {
      list += (list.empty() ? "one of " : ", ") + one;
    }
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
  add_value(policy.accepted_values, info.id, value);
  return {};
}

Result<void, Mistake> Demands::refuse_value(std::string_view field, std::string_view value,
                                            Policy& policy) const {
  WARD_TRY(const FieldInfo info, field_of(names_.refuse_value, field, value));
  add_value(policy.refused_values, info.id, value);
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

Result<void, Mistake> Demands::tolerate(std::string_view advisory, UnixTime until,
                                        Policy& policy) const {
  const std::string demand = names_.tolerate;
  const auto id = advisory_id(advisory);
  if (!id) {
    return Mistake{demand + ": no advisory's id: " + std::string(advisory),
                   "write it as the maker's documents do: INTEL-SA-00615, no CVE (`ward "
                   "advisories` lists both)"};
  }
  if (!policy.tolerated.emplace(*id, until).second) {
    return Mistake{demand + ": " + *id + " was given twice", "give one date for it"};
  }
  return {};
}

Result<void, Mistake> Demands::refuse_product(std::string_view product, Policy& policy) const {
  std::string list;
  for (const Scheme* scheme : schemes_) {
    const SchemeInfo info = scheme->info();
    const auto digits = from_hex(product);
    if (digits && info.product_octets != 0 && digits->size() == info.product_octets) {
      policy.refused_products.emplace_back(product);
      return {};
    }
    for (const char* name : info.products) {
      if (same_word(product, name)) {
        policy.refused_products.emplace_back(name);
        return {};
      }
      if (list.find(name) == std::string::npos) {
        list += (list.empty() ? "" : ", ") + std::string(name);
      }
    }
  }
  return Mistake{std::string(names_.refuse_product) + ": no product: " + std::string(product),
                 "one of " + list + "; or an FMSPC in hex"};
}

Result<void, Mistake> Demands::chips(std::string_view list, Policy& policy) const {
  std::vector<Buffer> chips;
  std::size_t number = 0;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find('\n'), list.size());
    std::string_view line = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    ++number;
    line = line.substr(0, line.find('#'));
    while (!line.empty() && is_blank(line.back())) {
      line.remove_suffix(1);
    }
    while (!line.empty() && is_blank(line.front())) {
      line.remove_prefix(1);
    }
    if (line.empty()) continue;
    auto chip = chip_id(line);
    if (!chip) {
      return Mistake{
          std::string(names_.chips) + ": line " + std::to_string(number) + " is no chip's id",
          "write one in hex a line, of 8 to 64 octets: CHIP_ID of SEV-SNP, PPID or "
          "platform instance id of Intel (`ward verify --json` prints them)"};
    }
    if (chips.size() == kMaxChips) {
      return Mistake{
          std::string(names_.chips) + ": more than " + std::to_string(kMaxChips) + " chips",
          "split the list by site"};
    }
    chips.push_back(*std::move(chip));
  }
  if (chips.empty()) {
    return Mistake{std::string(names_.chips) + ": a list without a chip accepts none",
                   "put at least one id on it"};
  }
  policy.chips = std::move(chips);
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
  const auto has = [&](const char* ending) {
    return std::ranges::any_of(info.checks, [&](const CheckInfo& check) {
      return std::string_view(check.id) == std::string(info.name) + ending;
    });
  };
  if (policy.chips && !has(".chip.accepted")) {
    return Mistake{std::string(names_.chips) + ": evidence of " + info.name + " names no chip",
                   "leave it out: it would judge nothing"};
  }
  if (!policy.refused_products.empty() && info.products.empty()) {
    return Mistake{
        std::string(names_.refuse_product) + ": evidence of " + info.name + " names no product",
        "leave it out: it would judge nothing"};
  }
  if (info.tcb_statuses.empty() && demands_tcb(policy)) {
    return no_status(info.name);
  }
  return std::nullopt;
}

std::optional<Mistake> Demands::without_effect(const Appraisal& appraisal,
                                               const Policy& policy) const {
  const bool judged = appraisal.facts.tcb_status_check != nullptr;
  if (judged || !appraisal.genuine || !demands_tcb(policy)) return std::nullopt;
  return no_status(appraisal.tee + "'s hardware here");
}

Mistake Demands::no_status(const std::string& whose) const {
  return {
      std::string(names_.accept_tcb) + ", " + names_.min_tcb_evaluation + ", " +
          names_.min_tcb_date + ", " + names_.tolerate + ": the maker of " + whose +
          " states no TCB status",
      std::string("name what you accept with ") + names_.min_value + " and " + names_.accept_value};
}

}  // namespace ward::attest
