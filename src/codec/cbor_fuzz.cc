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
  CborWriter w;
  rewrite(w, *foreign);
  const auto written = w.take();
  require(written.has_value());
  const auto again = ward::codec::parse_cbor(*written);
  require(again.has_value());
  require(strict.has_value() == ward::equal(*written, document));
  return 0;
}
