#include "tee/tpm/certificate.h"

#include "codec/der.h"

namespace ward::tpm {
namespace {

// extKeyUsage (2.5.29.37), and TCG's arc of tpmManufacturer, tpmModel and tpmVersion, contents
// octets.
constexpr std::uint8_t kExtKeyUsage[] = {0x55, 0x1d, 0x25};
constexpr std::uint8_t kTpmAttributes[] = {0x67, 0x81, 0x05, 0x02};

void add_names(const pki::Rdn& rdn, std::vector<TpmName>& out) {
  for (const pki::Attribute& one : rdn) {
    if (one.type.size() != 5 || !equal(one.type.first(4), kTpmAttributes)) continue;
    const auto number = one.type[4];
    if (number < 1 || number > 3) continue;
    out.push_back({static_cast<TpmName::Kind>(number - 1), std::string(as_text(one.value))});
  }
}

}  // namespace

bool allows_purpose(const pki::Certificate& certificate, Bytes purpose) {
  const pki::Extension* usage = certificate.find(kExtKeyUsage);
  if (usage == nullptr) return true;
  codec::DerReader all(usage->value);
  codec::DerReader list({});
  if (!all.nested(codec::der_tag::kSequence, list)) return false;
  Bytes oid;
  while (list.oid(oid)) {
    if (equal(oid, purpose)) return true;
  }
  return false;
}

bool is_named(const pki::Certificate& certificate) {
  return !certificate.subject.empty() || !certificate.subject_alt_names.empty();
}

std::vector<TpmName> tpm_names(const pki::Certificate& certificate) {
  std::vector<TpmName> out;
  for (const pki::GeneralName& name : certificate.subject_alt_names) {
    if (name.kind != pki::GeneralName::Kind::kDirectory) continue;
    const auto rdns = pki::parse_rdns(name.value);
    if (!rdns) continue;
    for (const pki::Rdn& rdn : *rdns)
      add_names(rdn, out);
  }
  return out;
}

}  // namespace ward::tpm
