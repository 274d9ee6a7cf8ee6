#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "attest/appraisal.h"
#include "attest/field.h"

namespace ward::attest {

// What every check of a field means and what to do: the same for all.
inline constexpr const char* kFieldMeaning = "The policy does not accept this value of the field.";
inline constexpr const char* kFieldHint =
    "Compare it with what you expect; change the policy only where you know why it differs.";

// What a TEE's fields.def writes of a field's values.
inline constexpr FieldForm kFlag{.kind = FieldKind::kFlag};
inline constexpr FieldForm kVersion{.kind = FieldKind::kVersion};
inline constexpr FieldForm kText{.kind = FieldKind::kText};

// Octets of the SHA-2 family's digests, for fields and expectations that are one of them.
inline constexpr std::size_t kDigestSizes[] = {32, 48, 64};

constexpr FieldForm number(std::uint64_t greatest) {
  return {.kind = FieldKind::kNumber, .size = greatest};
}

// bits is a mask: a policy names the masks that it accepts or refuses, never the least.
constexpr FieldForm bits(std::uint64_t greatest) {
  return {.kind = FieldKind::kBits, .size = greatest};
}

constexpr FieldForm octets(std::uint64_t size) {
  return {.kind = FieldKind::kOctets, .size = size};
}

// octets_of is octets of one of several sizes.
constexpr FieldForm octets_of(std::span<const std::size_t> sizes) {
  return {.kind = FieldKind::kOctets, .sizes = sizes};
}

constexpr FieldForm words(std::span<const char* const> all) {
  return {.kind = FieldKind::kWord, .words = all};
}

// write_field_facts writes the check of each field, with what `claims` say, over what `out` held;
// `checks` are in the order of `fields`.
void write_field_facts(std::span<const CheckInfo> checks, std::span<const FieldInfo> fields,
                       const std::vector<Claim>& claims, std::vector<FieldFact>& out);

}  // namespace ward::attest
