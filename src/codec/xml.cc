#include "codec/xml.h"

#include <algorithm>
#include <cstdint>

#include "codec/utf8.h"

namespace ward::codec {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name_part(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

// XML 1.0 section 2.2, Char.
bool is_xml_char(std::uint32_t c) {
  if (c < 0x20) return c == 0x09 || c == 0x0a || c == 0x0d;
  return c <= 0xd7ff || (c >= 0xe000 && c <= 0xfffd) || (c >= 0x10000 && c <= 0x10ffff);
}

void append_utf8(std::uint32_t c, std::string& out) {
  const auto put = [&](std::uint32_t octet) { out.push_back(static_cast<char>(octet)); };
  if (c < 0x80) return put(c);
  if (c < 0x800) {
    put(0xc0U | (c >> 6U));
  } else {
    if (c < 0x10000) {
      put(0xe0U | (c >> 12U));
    } else {
      put(0xf0U | (c >> 18U));
      put(0x80U | ((c >> 12U) & 0x3fU));
    }
    put(0x80U | ((c >> 6U) & 0x3fU));
  }
  put(0x80U | (c & 0x3fU));
}

const std::string* look_up(const XmlNamespaces& scope, std::string_view prefix) {
  const auto found = std::find_if(scope.rbegin(), scope.rend(),
                                  [&](const auto& one) { return one.first == prefix; });
  return found == scope.rend() ? nullptr : &found->second;
}

// One name with its prefix, as it is written.
struct QName {
  std::string prefix;
  std::string name;
};

class XmlParser {
 public:
  explicit XmlParser(std::string_view in) : in_(in) {}

  Result<XmlElement> document() {
    WARD_CHECK_OK(declaration());
    skip_blanks();
    XmlElement root;
    WARD_CHECK_OK(element(root, 1));
    skip_blanks();
    if (at_ != in_.size()) return fail(Errc::kMalformed, "xml: more behind the root element");
    return root;
  }

 private:
  Error fail(Errc code, Literal what) const { return {code, what, at_}; }

  Error unexpected() const {
    return at_ == in_.size() ? fail(Errc::kTruncated, "xml: it ends too soon")
                             : fail(Errc::kMalformed, "xml: another character is expected");
  }

  [[nodiscard]] bool starts(std::string_view text) const {
    return in_.substr(at_).starts_with(text);
  }

  bool take(std::string_view text) {
    if (!starts(text)) return false;
    at_ += text.size();
    return true;
  }

  bool skip_blanks() {
    const std::size_t begin = at_;
    while (at_ < in_.size() && is_blank(in_[at_]))
      ++at_;
    return at_ != begin;
  }

  // The XML declaration may say UTF-8 and nothing else of the encoding.
  Result<void> declaration() {
    if (!starts("<?xml ")) return {};
    const std::size_t end = in_.find("?>", at_);
    if (end == std::string_view::npos) return fail(Errc::kTruncated, "xml: it ends too soon");
    std::string text(in_.substr(at_, end - at_));
    std::ranges::transform(text, text.begin(), [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c == '\'' ? '"' : c;
    });
    if (text.find("version=\"1.0\"") == std::string::npos) {
      return fail(Errc::kUnsupported, "xml: another version than 1.0");
    }
    if (text.find("encoding") != std::string::npos &&
        text.find("encoding=\"utf-8\"") == std::string::npos) {
      return fail(Errc::kUnsupported, "xml: another encoding than UTF-8");
    }
    at_ = end + 2;
    return {};
  }

  Result<std::string> name() {
    const std::size_t begin = at_;
    if (at_ < in_.size() && is_letter(in_[at_])) ++at_;
    while (at_ > begin && at_ < in_.size() && is_name_part(in_[at_]))
      ++at_;
    if (at_ == begin) return unexpected();
    return std::string(in_.substr(begin, at_ - begin));
  }

  Result<QName> qname() {
    WARD_TRY(std::string first, name());
    if (!take(":")) return QName{"", std::move(first)};
    WARD_TRY(std::string second, name());
    return QName{std::move(first), std::move(second)};
  }

  // A reference behind its '&'.
  Result<void> reference(std::string& out) {
    static constexpr std::pair<std::string_view, char> kNamed[] = {
        {"amp;", '&'}, {"lt;", '<'}, {"gt;", '>'}, {"quot;", '"'}, {"apos;", '\''}};

    for (const auto& [text, c] : kNamed) {
      if (!take(text)) continue;
      out.push_back(c);
      return {};
    }
    if (!take("#")) return fail(Errc::kUnsupported, "xml: an entity that XML does not name");
    const std::uint32_t base = take("x") ? 16 : 10;
    std::uint32_t value = 0;
    std::size_t digits = 0;
    for (; at_ < in_.size() && in_[at_] != ';'; ++at_, ++digits) {
      const char c = in_[at_];
      std::uint32_t digit = 16;
      if (c >= '0' && c <= '9') digit = static_cast<std::uint32_t>(c - '0');
      if (c >= 'a' && c <= 'f') digit = static_cast<std::uint32_t>(c - 'a') + 10;
      if (c >= 'A' && c <= 'F') digit = static_cast<std::uint32_t>(c - 'A') + 10;
      if (digit >= base || digits == 8) return unexpected();
      value = value * base + digit;
    }
    if (digits == 0 || !is_xml_char(value)) {
      return fail(Errc::kMalformed, "xml: a reference to no character");
    }
    if (!take(";")) return unexpected();
    append_utf8(value, out);
    return {};
  }

  // One character as it is written; line ends become line feeds (XML 1.0 section 2.11).
  Result<void> character(bool in_attribute, std::string& out) {
    char c = in_[at_++];
    if (c == '&') return reference(out);
    if (c == '\r') {
      if (at_ < in_.size() && in_[at_] == '\n') ++at_;
      c = '\n';
    }
    if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
      return fail(Errc::kMalformed, "xml: a control character");
    }
    out.push_back(in_attribute && is_blank(c) ? ' ' : c);
    return {};
  }

  Result<std::string> attribute_value() {
    skip_blanks();
    if (!take("=")) return unexpected();
    skip_blanks();
    if (!starts("\"") && !starts("'")) return unexpected();
    const char quote = in_[at_++];
    std::string out;
    while (at_ < in_.size() && in_[at_] != quote) {
      if (in_[at_] == '<') return unexpected();
      WARD_CHECK_OK(character(true, out));
    }
    if (at_ == in_.size()) return unexpected();
    ++at_;
    return out;
  }

  // declare adds a declaration of a namespace.
  Result<void> declare(std::string prefix, std::string value, XmlElement& out) {
    if (prefix == "xml" || prefix == "xmlns" || value == "http://www.w3.org/2000/xmlns/" ||
        value == "http://www.w3.org/XML/1998/namespace" || (!prefix.empty() && value.empty())) {
      return fail(Errc::kMalformed, "xml: a namespace that may not be declared");
    }
    if (look_up(out.declared, prefix) != nullptr) {
      return fail(Errc::kMalformed, "xml: a namespace declared twice");
    }
    out.declared.emplace_back(std::move(prefix), std::move(value));
    return {};
  }

  // The attributes of a start tag, whose namespaces are not looked up yet; up to '>' or "/>".
  Result<void> attributes(XmlElement& out) {
    while (true) {
      const bool blank = skip_blanks();
      if (starts(">") || starts("/>")) return {};
      if (!blank) return unexpected();
      if (out.attributes.size() + out.declared.size() == kMaxXmlAttributes) {
        return fail(Errc::kLimit, "xml: attributes of one element");
      }
      WARD_TRY(QName name_of, qname());
      WARD_TRY(std::string value, attribute_value());
      if (name_of.prefix == "xml") {
        return fail(Errc::kUnsupported, "xml: an attribute xml:*");
      }
      if (name_of.prefix == "xmlns") {
        WARD_CHECK_OK(declare(std::move(name_of.name), std::move(value), out));
      } else if (name_of.prefix.empty() && name_of.name == "xmlns") {
        WARD_CHECK_OK(declare("", std::move(value), out));
      } else {
        out.attributes.push_back(
            {std::move(name_of.prefix), std::move(name_of.name), "", std::move(value)});
      }
    }
  }

  // resolve looks the namespaces up, and finds attributes that are there twice.
  Result<void> resolve(XmlElement& out) {
    scope_.insert(scope_.end(), out.declared.begin(), out.declared.end());
    if (scope_.size() > kMaxXmlNamespaces) return fail(Errc::kLimit, "xml: namespaces in scope");
    const std::string* own = look_up(scope_, out.prefix);
    if (own == nullptr && !out.prefix.empty()) {
      return fail(Errc::kMalformed, "xml: a prefix that is not declared");
    }
    if (own != nullptr) out.ns = *own;
    for (XmlAttribute& attribute : out.attributes) {
      if (attribute.prefix.empty()) continue;
      const std::string* ns = look_up(scope_, attribute.prefix);
      if (ns == nullptr) return fail(Errc::kMalformed, "xml: a prefix that is not declared");
      attribute.ns = *ns;
    }
    std::vector<std::pair<std::string_view, std::string_view>> names;
    for (const XmlAttribute& attribute : out.attributes)
      names.emplace_back(attribute.ns, attribute.name);
    std::ranges::sort(names);
    if (std::ranges::adjacent_find(names) != names.end()) {
      return fail(Errc::kMalformed, "xml: an attribute twice");
    }
    return {};
  }

  Result<void> element(XmlElement& out, std::size_t depth) {
    if (starts("<!") || starts("<?")) {
      return fail(Errc::kUnsupported,
                  "xml: a document type, comment, CDATA section or processing instruction");
    }
    if (!take("<")) return unexpected();
    if (depth > kMaxXmlDepth) return fail(Errc::kLimit, "xml: depth");
    if (++elements_ > kMaxXmlElements) return fail(Errc::kLimit, "xml: elements");
    WARD_TRY(QName name_of, qname());
    out.prefix = std::move(name_of.prefix);
    out.name = std::move(name_of.name);
    WARD_CHECK_OK(attributes(out));
    const std::size_t outer = scope_.size();
    WARD_CHECK_OK(resolve(out));
    if (!take("/>")) {
      ++at_;
      WARD_CHECK_OK(content(out, depth));
    }
    scope_.resize(outer);
    return {};
  }

  Result<void> content(XmlElement& out, std::size_t depth) {
    std::string text;
    while (!starts("</")) {
      if (at_ == in_.size()) return unexpected();
      if (in_[at_] == '<') {
        if (!text.empty()) out.children.push_back({std::exchange(text, {}), std::nullopt});
        XmlElement child;
        WARD_CHECK_OK(element(child, depth + 1));
        out.children.push_back({"", std::move(child)});
      } else {
        if (starts("]]>")) return unexpected();
        WARD_CHECK_OK(character(false, text));
      }
    }
    if (!text.empty()) out.children.push_back({std::move(text), std::nullopt});
    at_ += 2;
    WARD_TRY(const QName end, qname());
    if (end.prefix != out.prefix || end.name != out.name) {
      return fail(Errc::kMalformed, "xml: an end tag of another element");
    }
    skip_blanks();
    if (!take(">")) return unexpected();
    return {};
  }

  std::string_view in_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  XmlNamespaces scope_;  // of the elements that are open, the innermost last
};

void append_escaped(std::string_view text, bool in_attribute, std::string& out) {
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '\r') {
      out += "&#xD;";
    } else if (!in_attribute && c == '>') {
      out += "&gt;";
    } else if (in_attribute && c == '"') {
      out += "&quot;";
    } else if (in_attribute && c == '\t') {
      out += "&#x9;";
    } else if (in_attribute && c == '\n') {
      out += "&#xA;";
    } else {
      out.push_back(c);
    }
  }
}

void append_qname(std::string_view prefix, std::string_view name, std::string& out) {
  if (!prefix.empty()) out.append(prefix).append(":");
  out += name;
}

void append_attribute(std::string_view prefix, std::string_view name, std::string_view value,
                      std::string& out) {
  out.push_back(' ');
  append_qname(prefix, name, out);
  out += "=\"";
  append_escaped(value, true, out);
  out.push_back('"');
}

// rendered are the declarations to write: those in scope that differ from what the parent has.
XmlNamespaces rendered(const XmlNamespaces& declared, const XmlNamespaces& outer) {
  XmlNamespaces out;
  for (const auto& [prefix, value] : declared) {
    const std::string* before = look_up(outer, prefix);
    const bool same = before != nullptr ? *before == value : prefix.empty() && value.empty();
    if (!same) out.emplace_back(prefix, value);
  }
  std::ranges::sort(out);
  return out;
}

class XmlCanonicalizer {
 public:
  XmlCanonicalizer(const XmlElement* without, std::string& out) : without_(without), out_(out) {}

  // `declared` are the declarations to look at: the element's own, or all in scope for the top.
  void write(const XmlElement& element, const XmlNamespaces& declared) {
    out_.push_back('<');
    append_qname(element.prefix, element.name, out_);
    for (const auto& [prefix, value] : rendered(declared, scope_)) {
      append_attribute(prefix.empty() ? "" : "xmlns", prefix.empty() ? "xmlns" : prefix, value,
                       out_);
    }
    std::vector<const XmlAttribute*> attributes;
    for (const XmlAttribute& attribute : element.attributes)
      attributes.push_back(&attribute);
    std::ranges::sort(attributes, [](const XmlAttribute* a, const XmlAttribute* b) {
      return std::pair(a->ns, a->name) < std::pair(b->ns, b->name);
    });
    for (const XmlAttribute* a : attributes)
      append_attribute(a->prefix, a->name, a->value, out_);
    out_.push_back('>');
    const std::size_t outer = scope_.size();
    scope_.insert(scope_.end(), declared.begin(), declared.end());
    for (const XmlNode& child : element.children) {
      append_escaped(child.text, false, out_);
      if (child.element && &*child.element != without_) {
        write(*child.element, child.element->declared);
      }
    }
    scope_.resize(outer);
    out_ += "</";
    append_qname(element.prefix, element.name, out_);
    out_.push_back('>');
  }

 private:
  const XmlElement* without_;
  std::string& out_;
  XmlNamespaces scope_;  // of the elements that are being written, the innermost last
};

}  // namespace

const XmlAttribute* XmlElement::find(std::string_view ns_name, std::string_view local) const {
  const auto found = std::ranges::find_if(
      attributes, [&](const XmlAttribute& a) { return a.ns == ns_name && a.name == local; });
  return found == attributes.end() ? nullptr : &*found;
}

std::vector<const XmlElement*> XmlElement::elements() const {
  std::vector<const XmlElement*> out;
  for (const XmlNode& child : children) {
    if (child.element) out.push_back(&*child.element);
  }
  return out;
}

std::optional<std::string> XmlElement::text() const {
  if (children.empty()) return "";
  if (children.size() > 1 || children.front().element) return std::nullopt;
  return children.front().text;
}

bool XmlElement::has_text() const {
  return std::ranges::any_of(
      children, [](const XmlNode& child) { return !std::ranges::all_of(child.text, is_blank); });
}

bool operator==(const XmlElement& a, const XmlElement& b) {
  return a.prefix == b.prefix && a.name == b.name && a.ns == b.ns && a.declared == b.declared &&
         a.attributes == b.attributes && a.children == b.children;
}

Result<XmlElement> parse_xml(Bytes document) {
  if (document.size() > kMaxXmlBytes) return Error(Errc::kLimit, "xml: size", kMaxXmlBytes);
  const std::string_view text = as_text(document);
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos ||
      text.find("\xef\xbf\xbe") != std::string_view::npos ||
      text.find("\xef\xbf\xbf") != std::string_view::npos) {
    return Error(Errc::kMalformed, "xml: octets that are no UTF-8 text");
  }
  return XmlParser(text).document();
}

std::string canonical_xml(const XmlElement& top, const XmlElement* without,
                          const XmlNamespaces& inherited) {
  // The innermost declaration of each prefix counts.
  XmlNamespaces all = top.declared;
  for (auto outer = inherited.rbegin(); outer != inherited.rend(); ++outer) {
    if (look_up(all, outer->first) == nullptr) all.push_back(*outer);
  }
  std::string out;
  XmlCanonicalizer(without, out).write(top, all);
  return out;
}

}  // namespace ward::codec
