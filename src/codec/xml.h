#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

// XML 1.0 with namespaces, as far as signed manifests need it: elements, attributes and text. What
// has more than one reading, or is a way to attack who reads it, is refused: document types,
// entities but the five that XML names, processing instructions, comments, CDATA sections,
// attributes xml:*, names that are not ASCII, encodings other than UTF-8.
namespace ward::codec {

// Bounds on a document from outside; each is tested at its value and one above.
inline constexpr std::size_t kMaxXmlBytes = 1U << 20U;
inline constexpr std::size_t kMaxXmlDepth = 32;
inline constexpr std::size_t kMaxXmlElements = 20000;
inline constexpr std::size_t kMaxXmlAttributes = 256;  // of one element, declarations included
inline constexpr std::size_t kMaxXmlNamespaces = 64;   // declarations in scope of one element

// XmlAttribute is one attribute; `ns` is empty for one without a prefix.
struct XmlAttribute {
  std::string prefix;
  std::string name;  // without the prefix
  std::string ns;
  std::string value;

  friend bool operator==(const XmlAttribute&, const XmlAttribute&) = default;
};

// XmlNamespaces are prefixes with what they stand for; the empty prefix is the default's.
using XmlNamespaces = std::vector<std::pair<std::string, std::string>>;

struct XmlNode;

// XmlElement is an element with all below it. A value.
struct XmlElement {
  std::string prefix;
  std::string name;  // without the prefix
  std::string ns;
  XmlNamespaces declared;  // here, in the document's order
  std::vector<XmlAttribute> attributes;
  std::vector<XmlNode> children;

  // find returns the attribute of this namespace and name, or nullptr; borrowed.
  [[nodiscard]] const XmlAttribute* find(std::string_view ns_name, std::string_view local) const;

  // is compares namespace and name.
  [[nodiscard]] bool is(std::string_view ns_name, std::string_view local) const {
    return ns == ns_name && name == local;
  }

  // elements lists the elements directly below; borrowed.
  [[nodiscard]] std::vector<const XmlElement*> elements() const;

  // text is the text of an element that has no elements below; nullopt where it has some.
  [[nodiscard]] std::optional<std::string> text() const;

  // has_text is true where there is text other than blanks directly below.
  [[nodiscard]] bool has_text() const;

  friend bool operator==(const XmlElement&, const XmlElement&);
};

// XmlNode is either text or an element.
struct XmlNode {
  std::string text;
  std::optional<XmlElement> element;

  friend bool operator==(const XmlNode&, const XmlNode&) = default;
};

// parse_xml reads one document and returns its root. Line ends and blanks in attributes come as
// XML 1.0 section 2.11 and 3.3.3 have them. kTruncated, kMalformed, kUnsupported for what is
// refused by choice, kLimit; the number is the place in octets.
[[nodiscard]] Result<XmlElement> parse_xml(Bytes document);

// canonical_xml writes an element with all below it but `without`, which may be null, in the form
// of Canonical XML 1.0 and 1.1 without comments, which agree where there are no attributes xml:*.
// `inherited` are the namespaces in scope where the element stands. What it writes parses again to
// the same elements, attributes and text: nothing is lost.
[[nodiscard]] std::string canonical_xml(const XmlElement& top, const XmlElement* without = nullptr,
                                        const XmlNamespaces& inherited = {});

}  // namespace ward::codec
