#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "verifier/collateral.h"

namespace ward::verifier {

// Request is one appraisal: evidence, what the caller supplies beside it, and what the caller
// expects. The expectations have no default: whoever does not compare report data or measurement
// spells attest::Unchecked{}.
struct Request {
  Bytes evidence;
  const attest::Collateral& collateral;
  UnixTime now;
  attest::Expectations expected;
  attest::Work* work = nullptr;  // filled where it is not null: what the verdict is derived from
  // Collateral that is at hand for many requests; `collateral` is what comes beside it, and counts
  // as if it stood behind. May be null.
  const PreparedCollateral* prepared = nullptr;
};

// Verifier is the one pipeline from bytes to an appraisal; the command line, libward and the broker
// use this object and no other. Immutable and thread safe. It opens nothing and reads no clock.
class Verifier {
 public:
  // `schemes` must outlive the verifier. `extra_anchors` are roots that the relying party names
  // beside the makers' pinned ones; each says whether it is a development platform's. `platforms`
  // remembers what was verified before, for any number of verifiers; null: nothing is remembered.
  Verifier(std::span<const attest::Scheme* const> schemes,
           std::vector<attest::Anchor> extra_anchors, attest::Policy policy,
           std::shared_ptr<attest::PlatformStore> platforms = nullptr);

  // recognise returns the scheme whose evidence this is, or null: then there is nothing to appraise
  // (exit 3).
  [[nodiscard]] const attest::Scheme* recognise(Bytes evidence) const;

  // knows is true where a policy may name this field's check (Policy::accepted_values).
  [[nodiscard]] bool knows(const std::string& field) const;

  // appraise verifies the evidence and applies policy and expectations. kUnsupported where no
  // scheme recognises it; kMalformed where the policy names a field that no scheme has.
  [[nodiscard]] Result<attest::Appraisal> appraise(const Request& request) const;

  // This one writes it over what the slate held. Where the platform is known and the slate held an
  // appraisal of the same shape it allocates nothing of its own (the library of cryptography does),
  // but for texts of a policy that names values.
  [[nodiscard]] Result<void> appraise(const Request& request, attest::Slate& slate) const;

  [[nodiscard]] std::span<const attest::Scheme* const> schemes() const { return schemes_; }

  [[nodiscard]] const attest::Policy& policy() const { return policy_; }

 private:
  // Anchors of one scheme: the maker's and those that the relying party named.
  [[nodiscard]] std::span<const attest::Anchor> anchors_of(const attest::Scheme& scheme) const;

  std::vector<const attest::Scheme*> schemes_;
  std::vector<std::vector<attest::Anchor>> anchors_;  // in the order of the schemes
  attest::Policy policy_;
  bool known_fields_ = true;  // every field that the policy names is one of a scheme's
  std::shared_ptr<attest::PlatformStore> platforms_;
};

}  // namespace ward::verifier
