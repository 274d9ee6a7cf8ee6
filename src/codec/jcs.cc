#include "codec/jcs.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "codec/json_text.h"

namespace ward::codec {
namespace {

// NOLINTBEGIN(misc-no-recursion): at most kMaxJsonDepth levels, for only parse_json makes a
// JsonValue
Result<void> append(std::string& out, const JsonValue& value);

Result<void> append_object(std::string& out, const JsonValue& value) {
  std::vector<const JsonValue::Member*> sorted;
  for (const JsonValue::Member& member : value.members()) {
    sorted.push_back(&member);
  }
  std::sort(sorted.begin(), sorted.end(),
            [](const auto* a, const auto* b) { return utf16_less(a->first, b->first); });
  out += '{';
  for (const JsonValue::Member* member : sorted) {
    if (member != sorted.front()) out += ',';
    append_json_string(out, member->first);
    out += ':';
    WARD_CHECK_OK(append(out, member->second));
  }
  out += '}';
  return {};
}

Result<void> append_array(std::string& out, const JsonValue& value) {
  out += '[';
  bool first = true;
  for (const JsonValue& item : value.items()) {
    if (!first) out += ',';
    first = false;
    WARD_CHECK_OK(append(out, item));
  }
  out += ']';
  return {};
}

Result<void> append(std::string& out, const JsonValue& value) {
  if (!value.kept()) return Error(Errc::kUnsupported, "jcs: a value whose members were not kept");
  switch (value.kind()) {
    case JsonValue::Kind::kNull:
      out += "null";
      return {};
    case JsonValue::Kind::kBool:
      out += value.as_bool().value_or(false) ? "true" : "false";
      return {};
    case JsonValue::Kind::kInt:
    case JsonValue::Kind::kUint: {
      const auto number = value.as_int();
      if (!number || *number > kMaxCanonicalInteger || *number < -kMaxCanonicalInteger) {
        return Error(Errc::kUnsupported, "jcs: integer beyond 2^53", value.begin());
      }
      out += std::to_string(*number);
      return {};
    }
    case JsonValue::Kind::kDouble:
      append_json_number(out, value.as_double().value_or(0));
      return {};
    case JsonValue::Kind::kString:
      append_json_string(out, value.as_string().value_or(""));
      return {};
    case JsonValue::Kind::kArray:
      return append_array(out, value);
    case JsonValue::Kind::kObject:
      return append_object(out, value);
  }
  return Error(Errc::kInternal, "jcs: a value of no kind");
}

// NOLINTEND(misc-no-recursion)

}  // namespace

Result<std::string> canonical_json(const JsonValue& value) {
  std::string out;
  WARD_CHECK_OK(append(out, value));
  return out;
}

}  // namespace ward::codec
