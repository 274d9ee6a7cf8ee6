#include "attest/field.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "base/nearest.h"
#include "base/text.h"

namespace ward::attest {
namespace {

bool is_hex_digit(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

constexpr std::uint64_t kGreatest = ~std::uint64_t{0};

bool is_number(std::string_view text, std::uint64_t greatest) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && number <= greatest && (text.size() == 1 || text.front() != '0');
}

constexpr std::size_t kMaxParts = 4;

// version_of reads up to kMaxParts numbers with points between them; empty where it is none.
std::vector<std::uint64_t> version_of(std::string_view text) {
  std::vector<std::uint64_t> out;
  while (out.size() < kMaxParts) {
    const std::string_view part = text.substr(0, text.find('.'));
    if (!is_number(part, kGreatest)) return {};
    std::uint64_t number = 0;
    std::from_chars(part.data(), part.data() + part.size(), number);
    out.push_back(number);
    if (part.size() == text.size()) return out;
    text.remove_prefix(part.size() + 1);
  }
  return {};
}

// parts_of is a version with zeros for the parts that are not written: 1.55 is 1.55.0.0. Zeros
// alone where the text is none: ask version_of first.
std::array<std::uint64_t, kMaxParts> parts_of(std::string_view text) {
  std::array<std::uint64_t, kMaxParts> out{};
  std::ranges::copy(version_of(text), out.begin());
  return out;
}

bool is_version(std::string_view text) { return !version_of(text).empty(); }

bool same_version(std::string_view a, std::string_view b) {
  return is_version(a) && is_version(b) && parts_of(a) == parts_of(b);
}

bool is_hex(std::string_view text, std::size_t octets) {
  return text.size() == 2 * octets && std::ranges::all_of(text, is_hex_digit);
}

// is_octets takes any number of octets but none where the size is 0.
bool is_octets(std::string_view text, std::size_t octets) {
  return is_hex(text, octets != 0 ? octets : std::max<std::size_t>(text.size() / 2, 1));
}

}  // namespace

bool is_like_digest(std::string_view text) {
  return text.size() >= kLikeDigest && std::ranges::all_of(text, is_hex_digit);
}

bool is_possible(const FieldForm& form, std::string_view value) {
  switch (form.kind) {
    case FieldKind::kFlag:
      return same_word(value, "true") || same_word(value, "false");
    case FieldKind::kNumber:
    case FieldKind::kBits:
      return is_number(value, form.size);
    case FieldKind::kOctets:
      return is_octets(value, form.size) &&
             (form.sizes.empty() || std::ranges::count(form.sizes, value.size() / 2) > 0);
    case FieldKind::kVersion:
      return is_version(value);
    case FieldKind::kText:
      return !value.empty() && value.size() <= kMaxItemText &&
             (form.is_text == nullptr || form.is_text(value));
    case FieldKind::kWord:
      return std::ranges::any_of(form.words, [&](const char* w) { return same_word(value, w); });
    case FieldKind::kItems:
      if (is_like_digest(value)) return is_hex(value, form.size);
      return !value.empty() && value.size() <= kMaxItemText;
  }
  return false;
}

std::string sizes_text(std::span<const std::size_t> sizes) {
  std::string out;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i != 0) out += i + 1 == sizes.size() ? " or " : ", ";
    out += std::to_string(sizes[i]);
  }
  return out;
}

std::string form_text(const FieldForm& form) {
  const std::string size = std::to_string(form.size);
  switch (form.kind) {
    case FieldKind::kFlag:
      return "true or false";
    case FieldKind::kNumber:
      return "a whole number of at most " + size;
    case FieldKind::kBits:
      return "a mask of bits, as a whole number of at most " + size;
    case FieldKind::kOctets:
      if (!form.sizes.empty()) return sizes_text(form.sizes) + " octets in hex";
      return form.size == 0 ? "octets in hex" : size + " octets in hex";
    case FieldKind::kVersion:
      return "a version, numbers with points between them";
    case FieldKind::kText:
      if (form.like != nullptr) return form.like;
      return "a text of at most " + std::to_string(kMaxItemText) + " octets";
    case FieldKind::kWord: {
      std::string out;
      for (const char* word : form.words) {
        out += (out.empty() ? "one of: " : ", ") + std::string(word);
      }
      return out;
    }
    case FieldKind::kItems:
      return size + " octets in hex, or a text of at most " + std::to_string(kMaxItemText) +
             " octets";
  }
  std::abort();
}

bool is_same(const FieldForm& form, std::string_view value, std::string_view other) {
  const bool text = form.kind == FieldKind::kText;
  if (text || (form.kind == FieldKind::kItems && !is_like_digest(value))) return value == other;
  return same_word(other, value) ||
         (form.kind == FieldKind::kVersion && same_version(other, value));
}

bool is_accepted(const FieldForm& form, std::string_view value,
                 const std::vector<std::string>& accepted) {
  return std::ranges::any_of(accepted,
                             [&](const std::string& one) { return is_same(form, value, one); });
}

bool has_order(const FieldForm& form) {
  return form.kind == FieldKind::kNumber || form.kind == FieldKind::kVersion;
}

bool is_at_least(std::string_view value, std::string_view least) {
  return is_version(value) && is_version(least) && parts_of(value) >= parts_of(least);
}

const FieldInfo* find_field(std::span<const FieldInfo> fields, std::string_view id) {
  const auto found =
      std::ranges::find_if(fields, [&](const FieldInfo& field) { return id == field.id; });
  return found == fields.end() ? nullptr : &*found;
}

std::string nearest_field(std::span<const FieldInfo> fields, std::string_view word) {
  std::vector<std::string> ids;
  for (const FieldInfo& field : fields) {
    ids.emplace_back(field.id);
  }
  std::string meant = nearest(word, ids);
  if (!meant.empty()) return meant;
  // The claim's name, or the last part of the id alone: people copy what they see.
  const std::string last = "." + std::string(word.substr(word.rfind('.') + 1));
  for (const FieldInfo& field : fields) {
    if (word == field.claim || (last.size() > 2 && std::string_view(field.id).ends_with(last))) {
      return field.id;
    }
  }
  return {};
}

}  // namespace ward::attest
