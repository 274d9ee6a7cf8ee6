#include "pki/name.h"

#include <algorithm>

#include "codec/der.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerReader;

struct ShortName {
  Bytes type;
  const char* text;
};

const ShortName kShortNames[] = {
    {oid::kCountry, "C"},
    {oid::kState, "ST"},
    {oid::kLocality, "L"},
    {oid::kOrganization, "O"},
    {oid::kUnit, "OU"},
    {oid::kCommonName, "CN"},
    {oid::kSerialNumber, "serialNumber"},
    {oid::kDomainComponent, "DC"},
    {oid::kEmail, "emailAddress"},
};

char lower(std::uint8_t c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); }

// Prepared gives a string's characters as they are compared: leading and trailing blanks dropped,
// inner runs made one, ASCII letters in lower case.
class Prepared {
 public:
  explicit Prepared(Bytes value) : rest_(value) {}

  // The next one, or -1 at the end.
  int next() {
    std::size_t blanks = 0;
    while (blanks < rest_.size() && rest_[blanks] == ' ') {
      ++blanks;
    }
    rest_ = rest_.subspan(blanks);
    if (rest_.empty()) return -1;
    if (blanks > 0 && started_) return ' ';
    started_ = true;
    const int c = static_cast<std::uint8_t>(lower(rest_[0]));
    rest_ = rest_.subspan(1);
    return c;
  }

 private:
  Bytes rest_;
  bool started_ = false;
};

bool same_directory_string(Bytes a, Bytes b) {
  if (equal(a, b)) return true;
  Prepared x(a);
  Prepared y(b);
  for (;;) {
    const int c = x.next();
    if (c != y.next()) return false;
    if (c < 0) return true;
  }
}

bool directory_string(std::uint8_t t) {
  return t == tag::kPrintableString || t == tag::kUtf8String;
}

bool attribute_matches(const Attribute& a, const Attribute& b) {
  if (!equal(a.type, b.type)) return false;
  if (directory_string(a.tag) && directory_string(b.tag)) {
    return same_directory_string(a.value, b.value);
  }
  if (a.tag != b.tag) return false;
  if (a.tag != tag::kIa5String) return equal(a.value, b.value);
  return std::equal(a.value.begin(), a.value.end(), b.value.begin(), b.value.end(),
                    [](std::uint8_t x, std::uint8_t y) { return lower(x) == lower(y); });
}

bool parse_attribute(DerReader& in, Attribute& out) {
  DerReader fields({});
  codec::DerElement value;
  if (!in.nested(tag::kSequence, fields) || !fields.oid(out.type) || !fields.any(value) ||
      !fields.empty()) {
    return false;
  }
  out.tag = value.tag;
  out.value = value.contents;
  return true;
}

// NameReader walks a name's RelativeDistinguishedNames without keeping them.
class NameReader {
 public:
  explicit NameReader(Bytes der) {
    const auto whole = codec::der_document(der, tag::kSequence);
    ok_ = whole.has_value();
    if (ok_) rdns_ = DerReader(whole->contents);
  }

  // False once something was malformed.
  [[nodiscard]] bool ok() const { return ok_; }

  [[nodiscard]] bool empty() const { return rdns_.empty(); }

  // Opens the next set.
  bool next_rdn() {
    ok_ = ok_ && set_.empty() && rdns_.nested(tag::kSet, set_) && !set_.empty();
    return ok_;
  }

  [[nodiscard]] bool rdn_done() const { return set_.empty(); }

  bool next(Attribute& out) {
    ok_ = ok_ && ++attributes_ <= kMaxNameAttributes && parse_attribute(set_, out);
    return ok_;
  }

  // The rest of the set that is open.
  bool rest(Rdn& out) {
    while (!rdn_done()) {
      Attribute attribute;
      if (!next(attribute)) return false;
      out.push_back(attribute);
    }
    return true;
  }

 private:
  DerReader rdns_{{}};
  DerReader set_{{}};
  std::size_t attributes_ = 0;
  bool ok_ = false;
};

// Calls `take` with every attribute; false where the name is malformed.
template <class Take>
bool each_attribute(Bytes der, Take take) {
  NameReader in(der);
  while (in.ok() && !in.empty()) {
    if (!in.next_rdn()) return false;
    while (!in.rdn_done()) {
      Attribute attribute;
      if (!in.next(attribute)) return false;
      take(attribute);
    }
  }
  return in.ok();
}

// The next set of both.
bool next_rdn_matches(NameReader& a, NameReader& b) {
  Attribute x;
  Attribute y;
  if (!a.next_rdn() || !b.next_rdn() || !a.next(x) || !b.next(y)) return false;
  if (a.rdn_done() && b.rdn_done()) return attribute_matches(x, y);  // nearly always
  Rdn all_a{x};
  Rdn all_b{y};
  return a.rest(all_a) && b.rest(all_b) && rdn_matches(all_a, all_b);
}

std::string printable(Bytes value) {
  std::string out;
  for (const std::uint8_t c : value) {
    if (c == ',' || c == '\\') out.push_back('\\');
    out.push_back(c >= 0x20 && c < 0x7f ? static_cast<char>(c) : '?');
  }
  return out;
}

std::string type_text(Bytes type) {
  for (const ShortName& row : kShortNames) {
    if (equal(row.type, type)) return row.text;
  }
  return codec::der_oid_text(type);
}

}  // namespace

bool well_formed_name(Bytes der) {
  return each_attribute(der, [](const Attribute&) {});
}

std::optional<std::vector<Rdn>> parse_rdns(Bytes der) {
  std::vector<Rdn> out;
  NameReader in(der);
  while (in.ok() && !in.empty()) {
    if (!in.next_rdn() || !in.rest(out.emplace_back())) return std::nullopt;
  }
  if (!in.ok()) return std::nullopt;
  return out;
}

bool rdn_matches(const Rdn& a, const Rdn& b) {
  if (a.size() != b.size()) return false;
  std::vector<bool> used(b.size());
  for (const Attribute& attribute : a) {
    std::size_t i = 0;
    while (i < b.size() && (used[i] || !attribute_matches(attribute, b[i]))) {
      ++i;
    }
    if (i == b.size()) return false;
    used[i] = true;
  }
  return true;
}

bool Name::empty() const {
  const NameReader in(der_);
  return in.ok() && in.empty();
}

bool Name::matches(const Name& other) const {
  if (equal(der_, other.der_)) return well_formed_name(der_);
  NameReader a(der_);
  NameReader b(other.der_);
  while (!a.empty() && !b.empty()) {
    if (!next_rdn_matches(a, b)) return false;
  }
  return a.ok() && b.ok() && a.empty() && b.empty();
}

bool Name::within(const Name& base) const {
  NameReader a(der_);
  NameReader b(base.der_);
  while (!b.empty()) {
    if (a.empty() || !next_rdn_matches(a, b)) return false;
  }
  return a.ok() && b.ok() && well_formed_name(der_);
}

std::string Name::common_name() const {
  Bytes out;
  const bool ok = each_attribute(der_, [&out](const Attribute& attribute) {
    if (equal(attribute.type, oid::kCommonName)) out = attribute.value;
  });
  return ok ? std::string(as_text(out)) : std::string();
}

std::string Name::text() const {
  std::string out;
  const auto rdns = parse_rdns(der_);
  if (!rdns) return out;
  for (const Rdn& rdn : *rdns) {
    for (const Attribute& attribute : rdn) {
      if (!out.empty()) out += ", ";
      out += type_text(attribute.type) + "=" + printable(attribute.value);
    }
  }
  return out;
}

}  // namespace ward::pki
