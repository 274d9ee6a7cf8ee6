#include "codec/json.h"

#include <bit>

namespace ward::codec {

std::optional<bool> JsonValue::as_bool() const {
  const bool* const value = std::get_if<bool>(&value_);
  if (value == nullptr) return std::nullopt;
  return *value;
}

std::optional<std::int64_t> JsonValue::as_int() const {
  const auto* const value = std::get_if<std::int64_t>(&value_);
  if (value == nullptr) return std::nullopt;  // a kUint is one that does not fit
  return *value;
}

std::optional<std::uint64_t> JsonValue::as_uint() const {
  if (const auto* const value = std::get_if<std::uint64_t>(&value_)) return *value;
  const auto value = as_int();
  if (!value || *value < 0) return std::nullopt;
  return static_cast<std::uint64_t>(*value);
}

std::optional<double> JsonValue::as_double() const {
  if (const auto* const value = std::get_if<double>(&value_)) return *value;
  // An integer whose odd part has at most 53 bits is exact in a double.
  const auto whole = as_int();
  const bool negative = whole && *whole < 0;
  const std::optional<std::uint64_t> magnitude =
      negative ? std::uint64_t{0} - static_cast<std::uint64_t>(*whole) : as_uint();
  if (!magnitude) return std::nullopt;
  if (*magnitude != 0 &&
      (*magnitude >> static_cast<unsigned>(std::countr_zero(*magnitude))) >> 53U) {
    return std::nullopt;
  }
  const auto value = static_cast<double>(*magnitude);
  return negative ? -value : value;
}

std::optional<std::string_view> JsonValue::as_string() const {
  const auto* const value = std::get_if<std::string>(&value_);
  if (value == nullptr) return std::nullopt;
  return *value;
}

const std::vector<JsonValue>& JsonValue::items() const {
  static const std::vector<JsonValue> none;
  const auto* const value = std::get_if<std::vector<JsonValue>>(&value_);
  return value == nullptr ? none : *value;
}

const std::vector<JsonValue::Member>& JsonValue::members() const {
  static const std::vector<Member> none;
  const auto* const value = std::get_if<std::vector<Member>>(&value_);
  return value == nullptr ? none : *value;
}

const JsonValue* JsonValue::find(std::string_view name) const {
  for (const Member& member : members()) {
    if (member.first == name) return &member.second;
  }
  return nullptr;
}

}  // namespace ward::codec
