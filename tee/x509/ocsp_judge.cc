#include <algorithm>

#include "attest/recall.h"
#include "codec/der.h"
#include "pki/oid.h"
#include "tee/x509/ocsp.h"

namespace ward::x509 {
namespace {

using attest::Origin;

// 2.5.29.37, extKeyUsage; 1.3.6.1.5.5.7.3.9, id-kp-OCSPSigning.
constexpr std::uint8_t kExtKeyUsage[] = {0x55, 0x1d, 0x25};
constexpr std::uint8_t kOcspSigning[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09};

bool may_sign_ocsp(const pki::Certificate& certificate) {
  const pki::Extension* usage = certificate.find(kExtKeyUsage);
  if (usage == nullptr) return false;
  codec::DerReader in(usage->value);
  codec::DerReader list({});
  if (!in.nested(codec::der_tag::kSequence, list) || !in.empty()) return false;
  bool found = false;
  while (!list.empty()) {
    Bytes purpose;
    if (!list.oid(purpose)) return false;
    found = found || equal(purpose, kOcspSigning);
  }
  return found;
}

bool knows_critical(const pki::Certificate& certificate) {
  return std::ranges::all_of(certificate.extensions, [](const pki::Extension& e) {
    return !e.critical || equal(e.oid, kExtKeyUsage) || equal(e.oid, pki::oid::kKeyUsage) ||
           equal(e.oid, pki::oid::kBasicConstraints);
  });
}

// Search verifies one of many.
struct Search {
  Signatures& signatures;
  std::vector<std::string>& notes;
};

// is_appointed is true where the issuer itself issued the responder's certificate for this.
bool is_appointed(const pki::Certificate& responder, const pki::Certificate& issuer, UnixTime now,
                  Search& search) {
  const bool usage =
      !responder.key_usage || (*responder.key_usage & pki::key_usage::kDigitalSignature) != 0;
  return may_sign_ocsp(responder) && usage && knows_critical(responder) &&
         responder.issuer.matches(issuer.subject) && responder.not_before <= now &&
         now <= responder.not_after && search.signatures.found(responder, issuer, search.notes);
}

const pki::Certificate* responder_of(const OcspResponse& response, const pki::Certificate& issuer,
                                     UnixTime now, Search& search) {
  const auto signs = [&](const pki::Certificate& c) {
    const auto verify = [&] {
      return c.public_key->verify(response.signature_algorithm, response.tbs, response.signature);
    };
    return c.public_key &&
           search.signatures.found(response.fingerprint, c.spki_sha256, verify, search.notes);
  };
  if (signs(issuer)) return &issuer;
  const auto found = std::ranges::find_if(response.certificates, [&](const pki::Certificate& c) {
    return is_appointed(c, issuer, now, search) && signs(c);
  });
  return found == response.certificates.end() ? nullptr : &*found;
}

struct OcspCandidate {
  const Named<OcspResponse>* response = nullptr;
  const OcspSingle* single = nullptr;
  const pki::Certificate* responder = nullptr;
  bool current = false;

  [[nodiscard]] bool revoked() const {
    return responder != nullptr && single->status == OcspStatus::kRevoked;
  }
};

// Orders candidates: rightly signed, revoked, valid at the time, the newest.
bool is_better_ocsp(const OcspCandidate& a, const OcspCandidate& b) {
  const bool signed_a = a.responder != nullptr;
  const bool signed_b = b.responder != nullptr;
  if (signed_a != signed_b) return signed_a;
  if (a.revoked() != b.revoked()) return a.revoked();
  if (a.current != b.current) return a.current;
  return a.single->this_update > b.single->this_update;
}

std::string status_text(const OcspSingle& single) {
  if (single.status == OcspStatus::kGood) return "good";
  if (single.status == OcspStatus::kUnknown) return "unknown to the responder";
  return "revoked at " + format_rfc3339(single.revoked_at);
}

const OcspSingle* single_of(const OcspResponse& response, const pki::Certificate& certificate,
                            const pki::Certificate& issuer) {
  const auto found = std::ranges::find_if(response.singles, [&](const OcspSingle& single) {
    if (single.serial != certificate.serial) return false;
    const OcspSingle named = ocsp_single(certificate, issuer, single.hash);
    return named.issuer_name_hash == single.issuer_name_hash &&
           named.issuer_key_hash == single.issuer_key_hash;
  });
  return found == response.singles.end() ? nullptr : &*found;
}

// to_try lists the responses on a certificate in the order in which they are tried: first those
// that call it revoked, then the others, and of both at most kMaxOcspTried, the newest that are not
// of the future first.
std::vector<OcspCandidate> to_try(std::span<const Named<OcspResponse>> responses,
                                  const pki::Certificate& certificate,
                                  const pki::Certificate& issuer, UnixTime now,
                                  std::vector<std::string>& notes) {
  std::vector<OcspCandidate> kinds[2];
  for (const Named<OcspResponse>& response : responses) {
    const OcspSingle* single = single_of(response.value, certificate, issuer);
    if (single == nullptr) continue;
    const bool current =
        single->this_update <= now && single->next_update && now <= *single->next_update;
    kinds[single->status == OcspStatus::kRevoked ? 0 : 1].push_back(
        {&response, single, nullptr, current});
  }
  const std::size_t given = kinds[0].size() + kinds[1].size();
  std::vector<OcspCandidate> out;
  for (std::vector<OcspCandidate>& kind : kinds) {
    std::ranges::stable_sort(kind, [now](const OcspCandidate& a, const OcspCandidate& b) {
      const UnixTime time_a = a.single->this_update;
      const UnixTime time_b = b.single->this_update;
      if ((time_a <= now) != (time_b <= now)) return time_a <= now;
      return time_a > time_b;
    });
    kind.resize(std::min(kind.size(), kMaxOcspTried));
    out.insert(out.end(), kind.begin(), kind.end());
  }
  if (out.size() < given) {
    notes.push_back("left out: " + std::to_string(given - out.size()) + " of " +
                    std::to_string(given) + " OCSP responses on " +
                    certificate.subject.common_name());
  }
  return out;
}

}  // namespace

OcspFacts judge_ocsp(std::span<const Named<OcspResponse>> responses,
                     const pki::Certificate& certificate, const pki::Certificate& issuer,
                     UnixTime now, Signatures& signatures) {
  OcspFacts out;
  OcspCandidate best;
  Search search{signatures, out.notes};
  for (OcspCandidate& one : to_try(responses, certificate, issuer, now, out.notes)) {
    one.responder = responder_of(one.response->value, issuer, now, search);
    if (best.response == nullptr || is_better_ocsp(one, best)) best = one;
  }
  if (best.response == nullptr) return out;
  out.response = best.response;
  out.responder = best.responder;
  const std::string name = certificate.subject.common_name() + ": ";
  const std::string time = format_rfc3339(now);
  out.signature = {
      best.responder != nullptr,
      name + (best.responder != nullptr ? "signed by " + best.responder->subject.common_name()
                                        : best.response->origin()),
      {"signed by " + issuer.subject.common_name() +
       ", or by a valid responder that it appointed"}};
  out.this_update = {best.single->this_update <= now,
                     name + format_rfc3339(best.single->this_update),
                     {"not after " + time, Origin::kCaller, attest::kTimeOfAppraisal}};
  const auto& next = best.single->next_update;
  out.next_update = {next && now <= *next,
                     name + (next ? format_rfc3339(*next) : std::string("none")),
                     {"not before " + time, Origin::kCaller, attest::kTimeOfAppraisal}};
  out.status = {best.single->status == OcspStatus::kGood,
                name + status_text(*best.single),
                {"good", Origin::kCollateral, best.response->origin()}};
  return out;
}

}  // namespace ward::x509
