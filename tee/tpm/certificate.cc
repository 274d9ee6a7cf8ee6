#include "tee/tpm/certificate.h"

#include <algorithm>

#include "codec/der.h"
#include "tee/x509/path.h"

namespace ward::tpm {
namespace {

// extKeyUsage (2.5.29.37), and TCG's arc of tpmManufacturer, tpmModel and tpmVersion, contents
// octets.
constexpr std::uint8_t kExtKeyUsage[] = {0x55, 0x1d, 0x25};
constexpr std::uint8_t kTpmAttributes[] = {0x67, 0x81, 0x05, 0x02};

// certificatePolicies (2.5.29.32), policyConstraints (2.5.29.36), and the two qualifiers of RFC
// 5280 section 4.2.1.4, id-qt-cps and id-qt-unotice (1.3.6.1.5.5.7.2.1 and .2).
constexpr std::uint8_t kPolicies[] = {0x55, 0x1d, 0x20};
constexpr std::uint8_t kPolicyConstraints[] = {0x55, 0x1d, 0x24};
constexpr std::uint8_t kCps[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x01};
constexpr std::uint8_t kUserNotice[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02, 0x02};

bool understands_qualifiers(codec::DerReader list) {
  if (list.empty()) return false;
  while (!list.empty()) {
    codec::DerReader one({});
    Bytes kind;
    codec::DerElement value;
    if (!list.nested(codec::der_tag::kSequence, one) || !one.oid(kind)) return false;
    if (!equal(kind, kCps) && !equal(kind, kUserNotice)) return false;
    const auto tag = equal(kind, kCps) ? codec::der_tag::kIa5String : codec::der_tag::kSequence;
    if (!one.element(tag, value) || !one.empty()) return false;
  }
  return true;
}

bool understands_policies(const pki::Extension& extension) {
  codec::DerReader in(extension.value);
  codec::DerReader list({});
  if (!in.nested(codec::der_tag::kSequence, list) || !in.empty() || list.empty()) return false;
  while (!list.empty()) {
    codec::DerReader policy({});
    codec::DerReader qualifiers({});
    Bytes oid;
    if (!list.nested(codec::der_tag::kSequence, policy) || !policy.oid(oid)) return false;
    if (policy.empty()) continue;
    if (!policy.nested(codec::der_tag::kSequence, qualifiers) || !policy.empty()) return false;
    if (!understands_qualifiers(qualifiers)) return false;
  }
  return true;
}

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

std::span<const Bytes> judged_in_chain(std::span<const pki::Certificate> chain) {
  static const Bytes kJudged[] = {Bytes(kPolicies)};
  const bool understood = std::ranges::all_of(chain, [](const pki::Certificate& c) {
    const pki::Extension* policies = c.find(kPolicies);
    return c.find(kPolicyConstraints) == nullptr &&
           (policies == nullptr || understands_policies(*policies));
  });
  return understood ? std::span<const Bytes>(kJudged) : std::span<const Bytes>();
}

std::span<const Bytes> judged_in_leaf() {
  static const Bytes kJudged[] = {Bytes(kExtKeyUsage)};
  return kJudged;
}

bool cut_at_anchor(std::vector<pki::Certificate>& chain, std::span<const attest::Anchor> anchors) {
  for (std::size_t i = chain.size(); i > 1; --i) {
    if (x509::find_anchor(anchors, chain[i - 1]) == nullptr) continue;
    chain.resize(i);
    return true;
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
