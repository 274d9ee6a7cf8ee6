#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "attest/appraisal.h"
#include "attest/check_list.h"
#include "base/time.h"
#include "pki/certificate.h"
#include "pki/path.h"
#include "tee/x509/signatures.h"

namespace ward::x509 {

// find_anchor returns the anchor whose key `certificate` carries, or null.
[[nodiscard]] const attest::Anchor* find_anchor(std::span<const attest::Anchor> anchors,
                                                const pki::Certificate& certificate);

// Judged is one fact: whether it is right, what was found and what was expected.
struct Judged {
  bool passed = false;
  std::string found;
  attest::Expectation expected;
};

// PathFacts are the facts of a certificate path (RFC 5280 section 6.1), each on its own.
struct PathFacts {
  Judged root;  // the top carries a trust anchor's key
  Judged signature;
  Judged names;
  Judged constraints;
  Judged not_before;
  Judged not_after;
};

// PathProfile adds a profile's demands: on names, and what the leaf is that the profile forbids,
// empty where it is right.
struct PathProfile {
  bool names_ok = false;
  std::string_view leaf_fault;
  // OIDs (contents octets) of critical extensions that the profile judged: in every certificate,
  // and in the leaf.
  std::span<const Bytes> judged{};
  std::span<const Bytes> judged_in_leaf{};
  bool any_anchor = false;  // one that is no root may end the chain; else its top signs itself
};

// judge_path judges `chain`, leaf first, at `now`. Where no anchor fits, the rest of the path is
// judged under the key that is there.
[[nodiscard]] PathFacts judge_path(std::span<const pki::Certificate> chain,
                                   std::span<const attest::Anchor> anchors, UnixTime now,
                                   Signatures& signatures, const PathProfile& profile);

// path_options are what such a path is judged by; `signatures` is borrowed.
[[nodiscard]] pki::PathOptions path_options(UnixTime now, Signatures& signatures);

// PathChecks names the check of each fact.
template <class Id>
struct PathChecks {
  std::optional<Id> root{};  // nullopt: the caller gave the anchor as the top of the chain itself
  Id signature;
  Id names;
  Id constraints;
  Id not_before;
  Id not_after;
};

// record records one fact; true where it passed.
template <class Id>
bool record(attest::CheckList<Id>& checks, Id id, const Judged& fact) {
  return checks.record(id, fact.passed, fact.found, fact.expected);
}

// record_path records one outcome per fact; true where all passed.
template <class Id>
bool record_path(attest::CheckList<Id>& checks, const PathChecks<Id>& ids, const PathFacts& facts) {
  bool ok = ids.root ? record(checks, *ids.root, facts.root) : facts.root.passed;
  ok &= record(checks, ids.signature, facts.signature);
  ok &= record(checks, ids.names, facts.names);
  ok &= record(checks, ids.constraints, facts.constraints);
  ok &= record(checks, ids.not_before, facts.not_before);
  ok &= record(checks, ids.not_after, facts.not_after);
  return ok;
}

}  // namespace ward::x509
