#include <string>

#include "base/fuzz.h"
#include "codec/xml.h"

namespace {

// What is left of a tree when the way of writing is taken away: no declarations, and attributes in
// order.
bool same(const ward::codec::XmlElement& a, const ward::codec::XmlElement& b) {
  if (!b.is(a.ns, a.name) || a.attributes.size() != b.attributes.size() ||
      a.children.size() != b.children.size()) {
    return false;
  }
  for (const auto& attribute : a.attributes) {
    const auto* other = b.find(attribute.ns, attribute.name);
    if (other == nullptr || other->value != attribute.value) return false;
  }
  for (std::size_t i = 0; i < a.children.size(); ++i) {
    const auto& one = a.children[i];
    const auto& other = b.children[i];
    if (one.text != other.text || one.element.has_value() != other.element.has_value()) {
      return false;
    }
    if (one.element && !same(*one.element, *other.element)) return false;
  }
  return true;
}

}  // namespace

// The canonical form parses again to the same elements, attributes and text, and is its own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const auto root = ward::codec::parse_xml(ward::Bytes(data, size));
  if (!root) return 0;
  const std::string canonical = ward::codec::canonical_xml(*root);
  const auto again = ward::codec::parse_xml(ward::as_bytes(canonical));
  if (!again || !same(*root, *again)) __builtin_trap();
  if (ward::codec::canonical_xml(*again) != canonical) __builtin_trap();
  return 0;
}
