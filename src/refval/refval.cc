#include "refval/refval.h"

#include <algorithm>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::refval {
namespace {

using codec::JsonValue;

constexpr std::string_view kSchema = "ward.reference-values/1";
constexpr std::string_view kVersion = "0.1.0";
constexpr std::string_view kSample = "sample";
constexpr codec::JsonLimits kLimits{.max_bytes = kMaxMessageBytes, .max_depth = 8};

bool is_scalar(const JsonValue& value) {
  return value.as_string() || value.as_bool() || value.as_int() || value.as_uint() ||
         value.as_double();
}

std::optional<Diag> wrong_value(Bytes text, const JsonValue& value, const std::string& path) {
  constexpr const char* kExpected =
      "a text, a number, true or false, or a list of them, of at most 65536 octets";
  const bool list = value.is_array() && std::ranges::all_of(value.items(), is_scalar);
  if ((list || is_scalar(value)) && value.raw(text).size() <= kMaxValueBytes) return std::nullopt;
  return diag_at(text, value.begin(), path, kExpected);
}

// values_of reads an object, id to value. `path` names it in the Diag.
Result<std::vector<ReferenceValue>, Diag> values_of(Bytes text, const JsonValue& object,
                                                    const std::string& path, UnixTime expires) {
  if (!object.is_object() || object.members().empty() || object.members().size() > kMaxValues) {
    return diag_at(text, object.begin(), path, "an object of 1 to 1000 reference values, by id");
  }
  std::vector<ReferenceValue> out;
  for (const auto& [id, value] : object.members()) {
    const std::string place = path + "." + id;
    if (!is_id(id)) {
      return diag_at(text, value.begin(), place,
                     "an id of 1 to 256 printable characters without blanks, quotes and %");
    }
    if (auto wrong = wrong_value(text, value, place)) return *std::move(wrong);
    out.push_back({id, std::string(as_text(value.raw(text))), expires});
  }
  return out;
}

Result<std::vector<ReferenceValue>, Diag> parse_plain(Bytes json, const JsonValue& root,
                                                      UnixTime expires) {
  for (const auto& [name, value] : root.members()) {
    if (name != "schema" && name != "values" && name != "expires") {
      return diag_at(json, value.begin(), name, "no member of this name");
    }
  }
  if (const JsonValue* end = root.find("expires")) {
    const auto time = parse_rfc3339(end->as_string().value_or(""));
    if (!time) return diag_at(json, end->begin(), "expires", "a time, as 2027-01-31T00:00:00Z");
    expires = *time;
  }
  const JsonValue* values = root.find("values");
  if (values == nullptr) return diag_at(json, root.begin(), "values", "reference values by id");
  return values_of(json, *values, "values", expires);
}

Result<std::vector<ReferenceValue>, Diag> parse_rvps(Bytes json, const JsonValue& root,
                                                     UnixTime expires) {
  const auto text = [&](std::string_view name) {
    const JsonValue* value = root.find(name);
    return value != nullptr ? value->as_string() : std::nullopt;
  };
  const auto place = [&](std::string_view name) {
    const JsonValue* value = root.find(name);
    return value != nullptr ? value->begin() : root.begin();
  };
  if (text("version") != kVersion) return diag_at(json, place("version"), "version", "\"0.1.0\"");
  if (text("type") != kSample) {
    return diag_at(json, place("type"), "type",
                   "\"sample\": the values by id; CoRIM and SWID tags are not read here");
  }
  const auto payload = from_base64(text("payload").value_or(""), Base64::kStandard);
  if (!payload || payload->empty()) {
    return diag_at(json, place("payload"), "payload", "base64 of an object, id to value");
  }
  const auto object = codec::parse_json(*payload, kLimits);
  if (!object) {
    return diag_at(json, place("payload"), "payload", "in base64: " + to_text(object.error()));
  }
  return values_of(*payload, *object, "payload", expires);
}

}  // namespace

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= kMaxIdBytes && std::ranges::all_of(id, [](char c) {
    return c > ' ' && c <= '~' && c != '"' && c != '\\' && c != '%' && c != '?' && c != '#';
  });
}

std::optional<Diag> check_value(Bytes json) {
  const auto value = codec::parse_json(json, kLimits);
  if (!value) return value.error();
  return wrong_value(json, *value, "value");
}

Result<std::vector<ReferenceValue>, Diag> parse_message(Bytes json, UnixTime now) {
  WARD_TRY(const JsonValue root, codec::parse_json(json, kLimits));
  if (!root.is_object()) return diag_at(json, root.begin(), "", "an object");
  const UnixTime expires{now.seconds + kDefaultLife_s};
  const JsonValue* schema = root.find("schema");
  if (schema == nullptr && root.find("values") != nullptr) {
    return diag_at(json, root.begin(), "schema", "\"" + std::string(kSchema) + "\"");
  }
  if (schema == nullptr) return parse_rvps(json, root, expires);
  if (schema->as_string() != kSchema) {
    return diag_at(json, schema->begin(), "schema", "\"" + std::string(kSchema) + "\"");
  }
  return parse_plain(json, root, expires);
}

Result<std::string> to_json(const std::vector<ReferenceValue>& values, UnixTime now) {
  codec::JsonWriter w;
  w.begin_object();
  for (const ReferenceValue& one : values) {
    if (now >= one.expires) continue;
    if (!codec::parse_json(as_bytes(one.value), kLimits)) {
      return Error(Errc::kMalformed, "refval: a value is no JSON");
    }
    w.name(one.id).raw_json(one.value);
  }
  return w.end_object().take();
}

}  // namespace ward::refval
