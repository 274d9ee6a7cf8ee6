#include "server/client_certificate.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/der.h"
#include "pki/path.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using broker::Refusal;
using pki::Certificate;

// RFC 5280 section 4.2.1.12: id-ce-extKeyUsage 2.5.29.37, id-kp-clientAuth 1.3.6.1.5.5.7.3.2.
constexpr std::array<std::uint8_t, 3> kExtKeyUsage = {0x55, 0x1d, 0x25};
constexpr std::array<std::uint8_t, 8> kClientAuth = {0x2b, 0x06, 0x01, 0x05,
                                                     0x05, 0x07, 0x03, 0x02};

enum class Purpose : std::uint8_t { kAny, kClient, kOther };

// The kinds of names that people write.
using NameKind = pki::GeneralName::Kind;
constexpr std::pair<std::string_view, NameKind> kKinds[] = {
    {"dns:", NameKind::kDns}, {"email:", NameKind::kRfc822}, {"uri:", NameKind::kUri}};

Refusal wrong(std::string_view why, std::string found = {}, std::string expected = {}) {
  Refusal out = broker::refuse(401, kAdminType, CheckId::kAdminCertificate, why);
  out.found = std::move(found);
  out.expected = std::move(expected);
  return out;
}

// purpose_of reads the extended key usage: kAny where there is none.
Purpose purpose_of(const Certificate& certificate) {
  const pki::Extension* extension = certificate.find(kExtKeyUsage);
  if (extension == nullptr) return Purpose::kAny;
  codec::DerReader in(extension->value);
  codec::DerReader usages{{}};
  if (!in.nested(codec::der_tag::kSequence, usages) || !in.empty()) return Purpose::kOther;
  bool client = false;
  while (!usages.empty()) {
    Bytes oid;
    if (!usages.oid(oid)) return Purpose::kOther;
    client = client || equal(oid, kClientAuth);
  }
  return client ? Purpose::kClient : Purpose::kOther;
}

Result<std::vector<Certificate>, Refusal> parse(std::span<const Buffer> shown) {
  if (shown.size() > kMaxShownCertificates) return wrong("The chain is too long.");
  std::vector<Certificate> out;
  for (const Buffer& der : shown) {
    auto one = pki::parse_certificate(der);
    if (!one) return wrong(one.error().what());
    out.push_back(*std::move(one));
  }
  if (out.empty()) return wrong("None was shown.");
  return out;
}

// What holds of a client's own certificate however it is known.
Answer<void> check_leaf(const Certificate& leaf, UnixTime now) {
  if (now < leaf.not_before) {
    return wrong("It is not yet valid.", format_rfc3339(now),
                 "from " + format_rfc3339(leaf.not_before));
  }
  if (now > leaf.not_after) {
    return wrong("It has expired.", format_rfc3339(now), "until " + format_rfc3339(leaf.not_after));
  }
  if (purpose_of(leaf) == Purpose::kOther) {
    return wrong("It is not for a TLS client.", "", "extKeyUsage clientAuth");
  }
  if (leaf.key_usage && (*leaf.key_usage & pki::key_usage::kDigitalSignature) == 0) {
    return wrong("Its key does not sign.", "", "keyUsage digitalSignature");
  }
  return {};
}

// faults_under examines the path from the client's certificate, over the first `issuers` of what it
// showed behind, to a CA; nullopt where the names do not lead there.
std::optional<std::vector<pki::PathError>> faults_under(std::span<const Certificate> chain,
                                                        const Certificate& ca,
                                                        const ClientTrust& trust, UnixTime now) {
  if (!chain.back().issuer.matches(ca.subject)) return std::nullopt;
  std::vector<Certificate> path(chain.begin(), chain.end());
  path.push_back(ca);
  const std::array<Bytes, 1> known = {Bytes(kExtKeyUsage)};
  return pki::check_path(path, ca.spki_sha256,
                         {.at = now,
                          .crls = trust.crls,
                          .known_critical = known,
                          .top_is_intermediate = !ca.self_issued(),
                          .lists_after_path = true,
                          .list_holds = trust.list_holds});
}

// refusal_of says the first fault of a path; what revocation lists are about, in words of its own.
Refusal refusal_of(pki::PathFault fault) {
  const std::string found = pki::to_string(fault);
  if (fault == pki::PathFault::kRevoked) return wrong("It is revoked.", found);
  if (fault == pki::PathFault::kCrlExpired) {
    return wrong("The list of revoked certificates is out of date.", found, "a newer client_crls");
  }
  if (fault == pki::PathFault::kNoCrl) {
    return wrong("No list says whether it is revoked.", found, "its issuer's list in client_crls");
  }
  return wrong("Its path to the CA is not right.", found);
}

// check_path_to is for names alone: a CA has to vouch for them.
Answer<void> check_path_to(const ClientTrust& trust, std::span<const Certificate> shown,
                           UnixTime now) {
  if (purpose_of(shown.front()) != Purpose::kClient) {
    return wrong("It is not for a TLS client.", "", "extKeyUsage clientAuth");
  }
  Refusal why = wrong("No CA that this service takes has issued it.");
  for (std::size_t size = 1; size <= shown.size(); ++size) {
    const auto chain = shown.first(size);
    if (purpose_of(chain.back()) == Purpose::kOther) break;  // an issuer of other certificates
    for (const Certificate& ca : trust.ca) {
      const auto faults = faults_under(chain, ca, trust, now);
      if (!faults) continue;
      if (faults->empty()) return {};
      why = refusal_of(faults->front().fault);
    }
  }
  return why;
}

bool is_pinned(const Administrator& one, const Certificate& leaf) {
  return std::ranges::count(one.certificate_sha256, leaf.fingerprint) > 0 ||
         std::ranges::count(one.spki_sha256, leaf.spki_sha256) > 0;
}

bool is_named(const Administrator& one, const Certificate& leaf) {
  return std::ranges::any_of(one.certificate_names, [&](const pki::GeneralName& name) {
    return std::ranges::any_of(leaf.subject_alt_names, [&](const pki::GeneralName& shown) {
      return pki::same_name(name, shown);
    });
  });
}

}  // namespace

std::string to_text(const pki::GeneralName& name) {
  for (const auto& [prefix, kind] : kKinds) {
    if (kind == name.kind) return std::string(prefix) + std::string(as_text(name.value));
  }
  return {};
}

std::optional<pki::GeneralName> certificate_name(std::string_view text) {
  for (const auto& [prefix, kind] : kKinds) {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
    return pki::GeneralName{kind, to_buffer(as_bytes(text.substr(prefix.size())))};
  }
  return std::nullopt;
}

Answer<const Administrator*> certified_administrator(std::span<const Buffer> shown,
                                                     std::span<const Administrator> administrators,
                                                     const ClientTrust& trust, UnixTime now) {
  WARD_TRY(const std::vector<Certificate> chain, parse(shown));
  const Certificate& leaf = chain.front();
  WARD_CHECK_OK(check_leaf(leaf, now));
  std::vector<const Administrator*> found;
  for (const Administrator& one : administrators) {
    if (is_pinned(one, leaf)) found.push_back(&one);
  }
  std::vector<const Administrator*> named;
  for (const Administrator& one : administrators) {
    if (is_named(one, leaf) && !is_pinned(one, leaf)) named.push_back(&one);
  }
  // A path costs signatures, so it is for those alone whom a name could be of.
  const bool asks_path = !named.empty() || found.empty();
  const Answer<void> path = asks_path ? check_path_to(trust, chain, now) : Answer<void>();
  if (path) found.insert(found.end(), named.begin(), named.end());
  // Whom the configuration names, no row takes the sign-in of.
  const auto stored = [](const Administrator* one) { return one->stored; };
  if (!std::ranges::all_of(found, stored)) std::erase_if(found, stored);
  if (found.size() == 1) return found.front();
  if (found.size() > 1) return wrong("It names more than one administrator.");
  if (!path) return path.error();
  return wrong("None of its names is an administrator's.");
}

}  // namespace ward::server
