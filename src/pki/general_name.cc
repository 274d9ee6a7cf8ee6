#include "pki/general_name.h"

#include <algorithm>
#include <string_view>

#include "codec/der.h"
#include "pki/name.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerElement;
using codec::DerReader;
using Kind = GeneralName::Kind;

constexpr std::uint8_t kContext = 0x80;
constexpr std::uint8_t kConstructed = 0x20;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_text(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool printable_ascii(Bytes text) {
  return std::all_of(text.begin(), text.end(),
                     [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; });
}

bool ends_with(std::string_view text, std::string_view tail) {
  return tail.size() <= text.size() && same_text(text.substr(text.size() - tail.size()), tail);
}

// dNSName: labels added on the left are within; so is the name itself.
bool dns_within(std::string_view name, std::string_view base) {
  if (base.empty()) return true;
  if (!ends_with(name, base)) return false;
  if (name.size() == base.size() || base.front() == '.') return true;
  return name[name.size() - base.size() - 1] == '.';
}

// A host against a host, or against ".domain", which means hosts within it only.
bool host_within(std::string_view host, std::string_view base) {
  if (base.empty()) return true;
  if (base.front() == '.') return host.size() > base.size() && ends_with(host, base);
  return same_text(host, base);
}

// nullopt for what is no mailbox.
std::optional<bool> mailbox_within(std::string_view mailbox, std::string_view base) {
  const std::size_t at = mailbox.rfind('@');
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view host = mailbox.substr(at + 1);
  const std::size_t base_at = base.rfind('@');
  if (base_at == std::string_view::npos) return host_within(host, base);
  // One mailbox: its local part is compared exactly.
  return mailbox.substr(0, at) == base.substr(0, base_at) &&
         same_text(host, base.substr(base_at + 1));
}

// The host name of a URI (RFC 3986 section 3.2.2); nullopt where there is none or it is an address.
std::optional<std::string_view> uri_host(std::string_view uri) {
  const std::size_t colon = uri.find(':');
  if (colon == std::string_view::npos || uri.substr(colon + 1, 2) != "//") return std::nullopt;
  std::string_view host = uri.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  host = host.substr(0, host.find(':'));
  const bool has_letter = std::any_of(host.begin(), host.end(),
                                      [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; });
  if (!has_letter || host.front() == '[') return std::nullopt;
  return host;
}

bool address_within(Bytes address, Bytes base) {
  if (base.size() != 2 * address.size()) return false;
  for (std::size_t i = 0; i < address.size(); ++i) {
    if (((address[i] ^ base[i]) & base[address.size() + i]) != 0) return false;
  }
  return true;
}

// nullopt: it cannot be told.
std::optional<bool> within(const GeneralName& name, const GeneralName& base) {
  const std::string_view text = as_text(name.value);
  const std::string_view base_text = as_text(base.value);
  switch (name.kind) {
    case Kind::kRfc822:
      return mailbox_within(text, base_text);
    case Kind::kDns:
      return dns_within(text, base_text);
    case Kind::kDirectory:
      return Name(name.value).within(Name(base.value));
    case Kind::kUri: {
      const auto host = uri_host(text);
      if (!host) return std::nullopt;
      return host_within(*host, base_text);
    }
    case Kind::kIp:
      return address_within(name.value, base.value);
    case Kind::kOther:
    case Kind::kX400:
    case Kind::kEdiParty:
    case Kind::kRegisteredId:
      return std::nullopt;
  }
  return std::nullopt;
}

Result<std::vector<GeneralName>> parse_subtrees(DerReader in) {
  std::vector<GeneralName> out;
  if (in.empty()) return Error(Errc::kMalformed, "pki.name_constraints: no subtree");
  while (!in.empty()) {
    DerReader subtree({});
    if (!in.nested(tag::kSequence, subtree)) {
      return Error(Errc::kMalformed, "pki.name_constraints: subtree");
    }
    if (out.size() == kMaxGeneralNames) {
      return Error(Errc::kLimit, "pki.name_constraints: subtrees", kMaxGeneralNames);
    }
    WARD_TRY(GeneralName name, parse_general_name(subtree));
    if (!subtree.empty()) {
      return Error(Errc::kUnsupported, "pki.name_constraints: minimum or maximum");
    }
    out.push_back(std::move(name));
  }
  return out;
}

}  // namespace

bool same_name(const GeneralName& a, const GeneralName& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == Kind::kDirectory) return Name(a.value).matches(Name(b.value));
  return a.value == b.value;
}

Result<GeneralName> parse_general_name(DerReader& in) {
  DerElement element;
  if (!in.any(element) || (element.tag & 0xc0U) != kContext || (element.tag & 0x1fU) > 8) {
    return Error(Errc::kMalformed, "pki.general_name: type");
  }
  const auto kind = static_cast<Kind>(element.tag & 0x1fU);
  const bool constructed = (element.tag & kConstructed) != 0;
  const bool wants_constructed = kind == Kind::kOther || kind == Kind::kX400 ||
                                 kind == Kind::kDirectory || kind == Kind::kEdiParty;
  if (constructed != wants_constructed) return Error(Errc::kMalformed, "pki.general_name: form");
  const bool text = kind == Kind::kRfc822 || kind == Kind::kDns || kind == Kind::kUri;
  if (text && !printable_ascii(element.contents)) {
    return Error(Errc::kMalformed, "pki.general_name: characters");
  }
  if (kind == Kind::kDirectory && !well_formed_name(element.contents)) {
    return Error(Errc::kMalformed, "pki.general_name: directory name");
  }
  return GeneralName{kind, to_buffer(element.contents)};
}

Result<std::vector<GeneralName>> parse_general_names(DerReader in) {
  std::vector<GeneralName> out;
  if (in.empty()) return Error(Errc::kMalformed, "pki.general_name: none");
  while (!in.empty()) {
    if (out.size() == kMaxGeneralNames) {
      return Error(Errc::kLimit, "pki.general_name: names", kMaxGeneralNames);
    }
    WARD_TRY(GeneralName name, parse_general_name(in));
    out.push_back(std::move(name));
  }
  return out;
}

Result<NameConstraints> parse_name_constraints(Bytes value) {
  WARD_TRY(const DerElement whole, codec::der_document(value, tag::kSequence));
  DerReader in(whole.contents);
  DerReader subtrees({});
  NameConstraints out;
  if (in.empty()) return Error(Errc::kMalformed, "pki.name_constraints: empty");
  if (in.nested(tag::context_constructed(0), subtrees)) {
    WARD_TRY(out.permitted, parse_subtrees(subtrees));
  }
  if (in.nested(tag::context_constructed(1), subtrees)) {
    WARD_TRY(out.excluded, parse_subtrees(subtrees));
  }
  if (!in.empty()) return Error(Errc::kMalformed, "pki.name_constraints: trailing bytes");
  return out;
}

bool permits(const NameConstraints& constraints, const GeneralName& name) {
  for (const GeneralName& base : constraints.excluded) {
    if (base.kind == name.kind && within(name, base).value_or(true)) return false;
  }
  bool constrained = false;
  for (const GeneralName& base : constraints.permitted) {
    if (base.kind != name.kind) continue;
    constrained = true;
    if (within(name, base).value_or(false)) return true;
  }
  return !constrained;
}

}  // namespace ward::pki
