#include <algorithm>

#include "tee/dcap/verify.h"

namespace ward::dcap {
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

const Named<pki::Crl>* select_crl(Context& context, const pki::Certificate& issuer,
                                  const CrlChecks& ids) {
  Candidate best;
  for (const Named<pki::Crl>& crl : context.collateral.crls) {
    if (!crl.value.issuer.matches(issuer.subject)) continue;
    Candidate candidate{&crl, pki::check_crl(crl.value, issuer, context.now)};
    if (best.crl == nullptr || better(candidate, best)) std::swap(best, candidate);
    if (candidate.crl != nullptr) {
      context.findings.notes.push_back("passed over CRL " + candidate.crl->origin());
    }
  }
  CheckList& checks = context.checks;
  const std::string wanted = "a CRL of " + issuer.subject.common_name();
  if (best.crl == nullptr) {
    checks.absent(ids.present, wanted);
    return nullptr;
  }
  const pki::Crl& crl = best.crl->value;
  const std::string origin = best.crl->origin();
  const std::string now = format_rfc3339(context.now);
  bool ok = checks.record(ids.present, true, origin, {wanted});
  ok &= checks.record(ids.signature, !has(best.faults, PathFault::kCrlSignature), origin,
                      {"signed by " + issuer.subject.common_name()});
  ok &= checks.record(ids.this_update, !has(best.faults, PathFault::kCrlNotYetValid),
                      format_rfc3339(crl.this_update),
                      {"not after " + now, Origin::kCaller, "time of appraisal"});
  ok &= checks.record(ids.next_update, !has(best.faults, PathFault::kCrlExpired),
                      crl.next_update ? format_rfc3339(*crl.next_update) : "none",
                      {"not before " + now, Origin::kCaller, "time of appraisal"});
  ok &= checks.record(
      ids.extensions, !has_other(best.faults), origin,
      {"a full CRL of an issuer that may sign it, and no unknown critical extension"});
  return ok ? best.crl : nullptr;
}

}  // namespace ward::dcap
