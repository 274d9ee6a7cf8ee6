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

// Leading and trailing blanks dropped, inner runs made one, ASCII letters in lower case.
std::string prepared(Bytes value) {
  std::string out;
  bool blank = false;
  for (const std::uint8_t c : value) {
    if (c == ' ') {
      blank = !out.empty();
      continue;
    }
    if (blank) out.push_back(' ');
    blank = false;
    out.push_back(lower(c));
  }
  return out;
}

bool directory_string(std::uint8_t t) {
  return t == tag::kPrintableString || t == tag::kUtf8String;
}

bool attribute_matches(const Attribute& a, const Attribute& b) {
  if (!equal(a.type, b.type)) return false;
  if (directory_string(a.tag) && directory_string(b.tag)) {
    return prepared(a.value) == prepared(b.value);
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

// True where the first rdns of `name` are those of `base`.
bool begins_with(const std::vector<Rdn>& name, const std::vector<Rdn>& base) {
  return base.size() <= name.size() &&
         std::equal(base.begin(), base.end(), name.begin(), rdn_matches);
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

std::optional<std::vector<Rdn>> parse_rdns(Bytes der) {
  const auto whole = codec::der_document(der, tag::kSequence);
  if (!whole) return std::nullopt;
  std::vector<Rdn> out;
  std::size_t attributes = 0;
  for (DerReader rdns(whole->contents); !rdns.empty();) {
    DerReader set({});
    if (!rdns.nested(tag::kSet, set) || set.empty()) return std::nullopt;
    Rdn rdn;
    while (!set.empty()) {
      Attribute attribute;
      if (++attributes > kMaxNameAttributes || !parse_attribute(set, attribute)) {
        return std::nullopt;
      }
      rdn.push_back(attribute);
    }
    out.push_back(std::move(rdn));
  }
  return out;
}

bool rdn_matches(const Rdn& a, const Rdn& b) {
  if (a.size() != b.size()) return false;
  std::vector<bool> used(b.size());
  for (const Attribute& attribute : a) {
    std::size_t i = 0;
    while (i < b.size() && (used[i] || !attribute_matches(attribute, b[i])))
      ++i;
    if (i == b.size()) return false;
    used[i] = true;
  }
  return true;
}

bool Name::matches(const Name& other) const {
  const auto a = parse_rdns(der_);
  const auto b = parse_rdns(other.der_);
  return a && b && a->size() == b->size() && begins_with(*a, *b);
}

bool Name::within(const Name& base) const {
  const auto a = parse_rdns(der_);
  const auto b = parse_rdns(base.der_);
  return a && b && begins_with(*a, *b);
}

std::string Name::common_name() const {
  std::string out;
  const auto rdns = parse_rdns(der_);
  if (!rdns) return out;
  for (const Rdn& rdn : *rdns) {
    for (const Attribute& attribute : rdn) {
      if (equal(attribute.type, oid::kCommonName)) out = as_text(attribute.value);
    }
  }
  return out;
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
