#include "tee/x509/crl.h"

#include <algorithm>

#include "attest/recall.h"
#include "pki/path.h"

namespace ward::x509 {
namespace {

using attest::Origin;
using pki::PathFault;

struct Candidate {
  const Named<pki::Crl>* crl = nullptr;
  std::vector<PathFault> faults;
};

bool has(const std::vector<PathFault>& faults, PathFault fault) {
  return std::ranges::count(faults, fault) > 0;
}

// True where anything but signature and times is wrong: key usage, key identifier, scope, delta,
// critical extensions.
bool has_other(const std::vector<PathFault>& faults) {
  return std::ranges::any_of(faults, [](PathFault f) {
    return f != PathFault::kCrlSignature && f != PathFault::kCrlNotYetValid &&
           f != PathFault::kCrlExpired;
  });
}

// Orders candidates: first the one with a right signature, then the one valid at the time, then the
// newest by CRL number and thisUpdate (Intel's numbers do not rise, so both are looked at).
bool better(const Candidate& a, const Candidate& b) {
  const bool signed_a = !has(a.faults, PathFault::kCrlSignature);
  const bool signed_b = !has(b.faults, PathFault::kCrlSignature);
  if (signed_a != signed_b) return signed_a;
  if (a.faults.empty() != b.faults.empty()) return a.faults.empty();
  const Buffer none;
  const int number = pki::compare_serial(a.crl->value.crl_number.value_or(none),
                                         b.crl->value.crl_number.value_or(none));
  if (number != 0) return number > 0;
  return a.crl->value.this_update > b.crl->value.this_update;
}

}  // namespace

CrlFacts judge_crl(const std::vector<Named<pki::Crl>>& crls, const pki::Certificate& issuer,
                   UnixTime now, Signatures& signatures, const pki::Certificate* subject) {
  CrlFacts out;
  Candidate best;
  for (const Named<pki::Crl>& crl : crls) {
    if (!crl.value.issuer.matches(issuer.subject)) continue;
    Candidate candidate{
        &crl, pki::check_crl(crl.value, issuer, signatures.holds(crl.value, issuer), now)};
    if (subject != nullptr && !pki::crl_covers(crl.value, *subject)) {
      candidate.faults.push_back(PathFault::kCrlScope);
    }
    if (!has(candidate.faults, PathFault::kCrlSignature)) out.rightly_signed.push_back(&crl);
    if (best.crl == nullptr || better(candidate, best)) std::swap(best, candidate);
    if (candidate.crl != nullptr) out.passed_over.push_back(candidate.crl->origin());
  }
  const std::string name = issuer.subject.common_name();
  out.present.expected.text = "a CRL of " + name;
  if (best.crl == nullptr) return out;
  out.crl = best.crl;
  const pki::Crl& crl = best.crl->value;
  const std::string origin = best.crl->origin();
  const std::string time = format_rfc3339(now);
  out.present.passed = true;
  out.present.found = origin;
  out.signature = {!has(best.faults, PathFault::kCrlSignature), origin, {"signed by " + name}};
  out.this_update = {!has(best.faults, PathFault::kCrlNotYetValid),
                     format_rfc3339(crl.this_update),
                     {"not after " + time, Origin::kCaller, attest::kTimeOfAppraisal}};
  out.next_update = {!has(best.faults, PathFault::kCrlExpired),
                     crl.next_update ? format_rfc3339(*crl.next_update) : "none",
                     {"not before " + time, Origin::kCaller, attest::kTimeOfAppraisal}};
  out.extensions = {
      !has_other(best.faults),
      origin,
      {"a full CRL that speaks of this kind of certificate, of an issuer that may sign it, and no "
       "unknown critical extension"}};
  return out;
}

}  // namespace ward::x509
