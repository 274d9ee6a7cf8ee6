#pragma once

#include <string>
#include <vector>

#include "tee/x509/documents.h"
#include "tee/x509/path.h"

namespace ward::x509 {

// CrlFacts are the facts of the CRL that was chosen for an issuer (RFC 5280 section 6.3).
struct CrlFacts {
  const Named<pki::Crl>* crl = nullptr;  // the best of those given, right or not; borrowed
  Judged present;
  Judged signature;
  Judged this_update;
  Judged next_update;
  Judged extensions;
  std::vector<std::string> passed_over;                // the origins of the others
  std::vector<const Named<pki::Crl>*> rightly_signed;  // of all, whatever their times; borrowed
};

// judge_crl chooses among `crls` the one of `issuer` that is rightly signed, valid at `now`, speaks
// of certificates such as `subject` (null: of any), and is the newest. Without any, `crl` is null
// and the facts say nothing.
[[nodiscard]] CrlFacts judge_crl(const std::vector<Named<pki::Crl>>& crls,
                                 const pki::Certificate& issuer, UnixTime now,
                                 Signatures& signatures, const pki::Certificate* subject = nullptr);

// CrlChecks names the check of each fact.
template <class Id>
struct CrlChecks {
  Id present;
  Id signature;
  Id this_update;
  Id next_update;
  Id extensions;
};

// record_crl records the facts, and returns the CRL where all passed, else null; borrowed from the
// collateral. Where none was given, its presence is recorded as absent.
template <class Id>
const Named<pki::Crl>* record_crl(attest::CheckList<Id>& checks, const CrlChecks<Id>& ids,
                                  const CrlFacts& facts) {
  if (facts.crl == nullptr) {
    checks.absent(ids.present, facts.present.expected.text);
    return nullptr;
  }
  bool ok = record(checks, ids.present, facts.present);
  ok &= record(checks, ids.signature, facts.signature);
  ok &= record(checks, ids.this_update, facts.this_update);
  ok &= record(checks, ids.next_update, facts.next_update);
  ok &= record(checks, ids.extensions, facts.extensions);
  return ok ? facts.crl : nullptr;
}

}  // namespace ward::x509
