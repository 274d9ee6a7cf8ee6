#include <cstddef>
#include <cstdint>

#include "base/fuzz.h"
#include "codec/cbor.h"
#include "codec/cbor_write.h"

namespace {

using ward::Bytes;
using ward::codec::CborRules;
using ward::codec::CborValue;
using ward::codec::CborWriter;

constexpr std::size_t kMaxInput = 1U << 16U;

void require(bool property) {
  if (!property) __builtin_trap();
}

// What a value says of itself fits its kind; a member is found by its key.
void check(const CborValue& v) {
  if (const auto number = v.as_uint()) require(!v.as_int() || *v.as_int() >= 0);
  require(v.as_bool().has_value() == (v.kind() == CborValue::Kind::kBool));
  for (const CborValue& item : v.items())
    check(item);
  if (const auto tag = v.as_tag()) require(v.tagged(*tag) == &v.items().front());
  for (const auto& [key, value] : v.members()) {
    check(value);
    if (const auto text = key.as_text()) require(v.find(*text) == &value);
    if (const auto number = key.as_int()) require(v.find(*number) == &value);
  }
}

// Writes the structure call by call and strings and numbers as they stand.
void rewrite(CborWriter& w, const CborValue& v) {
  if (v.is_array()) {
    w.begin_array();
    for (const CborValue& item : v.items())
      rewrite(w, item);
    w.end_array();
  } else if (v.is_map()) {
    w.begin_map();
    for (const auto& [key, value] : v.members()) {
      rewrite(w, key);
      rewrite(w, value);
    }
    w.end_map();
  } else if (const auto tag = v.as_tag()) {
    w.tag(*tag);
    rewrite(w, v.items().front());
  } else if (const auto number = v.as_int()) {
    w.integer(*number);
  } else if (const auto text = v.as_text()) {
    w.text(*text);
  } else if (const auto bytes = v.as_bytes()) {
    w.bytes(*bytes);
  } else {
    w.raw(v.encoding());
  }
}

}  // namespace

// A deterministic document is the only one of its meaning: written again it is the same octets.
// What of a foreign one is written is deterministic and is then the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > kMaxInput) return 0;
  const Bytes document(data, size);
  const auto strict = ward::codec::parse_cbor(document);
  const auto foreign = ward::codec::parse_cbor(document, {}, CborRules::kForeign);
  require(!strict || foreign.has_value());
  if (!foreign) {
    require(foreign.error().value().has_value());
    return 0;
  }
  require(foreign->encoding().size() == size);
  check(*foreign);
  CborWriter w;
  rewrite(w, *foreign);
  const auto written = w.take();
  require(written.has_value());
  const auto again = ward::codec::parse_cbor(*written);
  require(again.has_value());
  require(strict.has_value() == ward::equal(*written, document));
  return 0;
}
