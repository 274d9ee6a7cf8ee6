#include <cstddef>
#include <cstdint>
#include <string>

#include "base/fuzz.h"
#include "codec/jcs.h"
#include "codec/json.h"
#include "codec/json_write.h"

namespace {

using ward::Bytes;
using ward::codec::JsonValue;

constexpr std::size_t kMaxInput = 1U << 16U;

void require(bool property) {
  if (!property) __builtin_trap();
}

// Byte ranges lie in the document, children inside their parents and one behind the other.
void check_ranges(const JsonValue& value, Bytes document) {
  require(value.begin() < value.end() && value.end() <= document.size());
  std::size_t at = value.begin();
  const auto inside = [&](const JsonValue& child) {
    require(child.begin() > at && child.end() < value.end());
    at = child.end();
    check_ranges(child, document);
  };
  for (const JsonValue& item : value.items())
    inside(item);
  for (const auto& member : value.members()) {
    inside(member.second);
    require(value.find(member.first) == &member.second);
  }
}

// A number that is whole in one type says the same in the others.
void check_number(const JsonValue& value) {
  for (const JsonValue& item : value.items())
    check_number(item);
  const auto number = value.as_int();
  const auto real = value.as_double();
  if (number && *number >= 0) {
    require(value.as_uint() == static_cast<std::uint64_t>(*number));
  }
  if (number && real) require(static_cast<std::int64_t>(*real) == *number);
}

}  // namespace

// What parses has sound byte ranges; its value's octets parse alone; what the writer makes of it
// parses and is written the same again; so is the canonical form. What is not kept parses and is
// refused alike.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxInput) return 0;
  const Bytes document(data, size);
  const auto value = ward::codec::parse_json(document);
  const auto skimmed =
      ward::codec::parse_json(document, {.kept_depth = static_cast<std::uint32_t>(size % 3)});
  require(skimmed.has_value() == value.has_value());
  if (!value) {
    require(!value.error().expected.empty());
    require(ward::to_text(skimmed.error()) == ward::to_text(value.error()));
    return 0;
  }
  check_ranges(*value, document);
  check_number(*value);
  require(ward::codec::parse_json(value->raw(document)).has_value());

  const auto written = ward::codec::JsonWriter().copy(*value).take();
  require(written.has_value());
  const auto again = ward::codec::parse_json(ward::as_bytes(*written));
  require(again.has_value());
  require(*ward::codec::JsonWriter().copy(*again).take() == *written);

  const auto canonical = ward::codec::canonical_json(*value);
  if (canonical) {
    // Doubles beyond 2^53 are written like integers, which the reader or the form then refuses.
    const auto reread = ward::codec::parse_json(ward::as_bytes(*canonical));
    if (reread) {
      const auto twice = ward::codec::canonical_json(*reread);
      require(!twice || *twice == *canonical);
    }
  }
  return 0;
}
