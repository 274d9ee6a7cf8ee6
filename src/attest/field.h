#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// Fields of one TEE alone that a policy may demand values of (Policy::accepted_values).
namespace ward::attest {

enum class FieldKind : std::uint8_t {
  kFlag,     // true or false
  kNumber,   // decimal, without zeros before it
  kBits,     // a mask of bits, written as a number: none is less than another
  kOctets,   // hex
  kVersion,  // numbers with points between them: 1.55.21
  kWord,     // one of a few words
  kText,     // any text
  kItems,    // several: digests in hex, and texts; each of them must be an accepted one
};

// FieldForm says what a field's values look like, so that a policy that could never be met is found
// where it is written.
struct FieldForm {
  FieldKind kind = FieldKind::kFlag;
  // kNumber, kBits: the greatest; kOctets, kItems: in octets; of kOctets 0 is any number but none
  std::uint64_t size = 0;
  std::span<const char* const> words{};  // kWord: all that there are
  const char* source = nullptr;          // what states it, where that is not the evidence itself
  bool of_tcb = false;                   // a part of the platform's security version
  const char* usual =
      nullptr;  // the value that is demanded where a policy says nothing of the field
  std::span<const std::size_t> sizes{};  // kOctets of size 0: all sizes that there are; none: any
  // kText: what else its values must be, and that for people; null: any text
  bool (*is_text)(std::string_view) = nullptr;
  const char* like = nullptr;
};

// FieldInfo declares one field. Every TEE lists its own in fields.def.
struct FieldInfo {
  const char* id = nullptr;     // of its check: "tdx.td_attributes.sept_ve_disable"
  const char* claim = nullptr;  // that states the value
  FieldForm form;
};

inline constexpr std::size_t kMaxItemText = 4096;  // octets; a longer text is named by its digest
inline constexpr std::size_t kLikeDigest = 32;     // hex digits from which a text is no text

// is_like_digest is true for a text of hex digits alone, at least kLikeDigest of them: such an item
// is a digest, and a text that looks so is named by its digest.
[[nodiscard]] bool is_like_digest(std::string_view text);

// is_possible is true where a field of this form can have the value.
[[nodiscard]] bool is_possible(const FieldForm& form, std::string_view value);

// sizes_text is all of `sizes` for people: "32, 48 or 64".
[[nodiscard]] std::string sizes_text(std::span<const std::size_t> sizes);

// form_text is what a value must be, for people: "48 octets in hex".
[[nodiscard]] std::string form_text(const FieldForm& form);

// is_accepted compares one value with those that a policy names. Hex digits and words are compared
// without regard to the case of letters, versions part by part (1.55 is 1.55.0), texts octet by
// octet.
[[nodiscard]] bool is_accepted(const FieldForm& form, std::string_view value,
                               const std::vector<std::string>& accepted);

// is_same compares one value with one.
[[nodiscard]] bool is_same(const FieldForm& form, std::string_view value, std::string_view other);

// has_order is true where a policy may name the least value of a field of this form.
[[nodiscard]] bool has_order(const FieldForm& form);

// is_at_least compares two numbers, or two versions part by part, parts that are not written being
// 0; false where one is none.
[[nodiscard]] bool is_at_least(std::string_view value, std::string_view least);

// find_field returns the field with this id, or nullptr; borrowed.
[[nodiscard]] const FieldInfo* find_field(std::span<const FieldInfo> fields, std::string_view id);

// nearest_field is the id that `word` was probably meant to be, empty where none is near.
[[nodiscard]] std::string nearest_field(std::span<const FieldInfo> fields, std::string_view word);

}  // namespace ward::attest
