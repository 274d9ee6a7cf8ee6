#include "attest/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "base/refill.h"

namespace ward::attest {

namespace {

// value_texts over what `out` held.
void write_texts(const ClaimValue& value, std::vector<std::string>& out) {
  if (const auto* items = std::get_if<std::vector<std::string>>(&value)) {
    out = *items;
    return;
  }
  out.resize(1);
  std::string& text = out[0];
  if (const auto* flag = std::get_if<bool>(&value)) {
    text = *flag ? "true" : "false";
  } else if (const auto* number = std::get_if<std::uint64_t>(&value)) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number);
    text.assign(digits.data(), end.ptr);
  } else if (const auto* octets = std::get_if<Buffer>(&value)) {
    text.clear();
    append_hex(*octets, text);
  } else {
    text = std::get<std::string>(value);
  }
}

}  // namespace

void write_field_facts(std::span<const CheckInfo> checks, std::span<const FieldInfo> fields,
                       const std::vector<Claim>& claims, std::vector<FieldFact>& out) {
  Refill<FieldFact> list(out);
  for (std::size_t i = 0; i < checks.size(); ++i) {
    FieldFact& fact = list.next();
    fact.check = &checks[i];
    fact.form = fields[i].form;
    const std::string_view name = fields[i].claim;
    const auto claim = std::ranges::find(claims, name, &Claim::name);  // the first: the evidence's
    if (claim != claims.end()) {
      write_texts(claim->value, fact.values);
    } else {
      fact.values.clear();
    }
  }
  list.finish();
}

}  // namespace ward::attest
