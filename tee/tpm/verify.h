#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/claim_list.h"
#include "attest/work.h"
#include "base/time.h"
#include "tee/tpm/checks.h"
#include "tee/tpm/collateral.h"
#include "tee/tpm/evidence.h"
#include "tee/tpm/structures.h"
#include "tee/x509/signatures.h"

namespace ward::tpm {

// What one verification knows and fills. Everything is borrowed for the length of the call.
struct Context {
  CheckList& checks;
  const Collateral& collateral;
  std::span<const attest::Anchor> anchors;  // keys and roots, of which each is only what it is
  std::span<const attest::Anchor> roots;    // those of them that vouch for certificates
  UnixTime now;
  attest::Findings& findings;
  x509::Signatures& signatures;
  attest::Work* work = nullptr;  // what the outcomes are derived from, where somebody asked for it
};

// PcrValue is one value that stands beside the quote, with the place that the signed selection
// gives it. Borrows the evidence.
struct PcrValue {
  std::uint16_t hash = 0;
  std::uint32_t number = 0;
  Bytes value;
};

// Parts are a quote's structures. What is malformed is not there, and its check has failed.
struct Parts {
  std::optional<Quote> quote;
  std::optional<Signature> signature;
  std::optional<Public> ak_area;  // nullopt for evidence that carries the key alone, too
  std::optional<crypto::PublicKey> ak;
  Buffer ak_spki;
};

// read_parts takes the evidence apart and records the checks of form.
[[nodiscard]] Parts read_parts(Context& context, const Evidence& evidence);

// judge_quote records the checks of the quote itself: magic, type, selection, PCR values, signer,
// attributes, scheme, signature. Returns the PCR values that the quote vouches for if it is
// genuine; none where they do not fit it.
[[nodiscard]] std::vector<PcrValue> judge_quote(Context& context, const Evidence& evidence,
                                                const Parts& parts);

// judge_ak records by whom the AK is trusted: by its own key, or by a chain of certificates. Adds
// the claims of its certificate.
void judge_ak(Context& context, const Parts& parts);

// best_bank is the bank that policies and logs are compared with: of those quoted the one with the
// longest digests; 0 where none is.
[[nodiscard]] std::uint16_t best_bank(std::span<const PcrValue> values);

// add_claims states what a quote says.
void add_claims(const Parts& parts, std::span<const PcrValue> values, attest::ClaimList& out);

// hierarchy_of is "owner", "endorsement", "platform" or "null" where the qualified signer says that
// the AK is a primary key of it (Part 1, section 16); nullptr where it is the child of another key.
[[nodiscard]] const char* hierarchy_of(const Quote& quote, const Public& ak);

}  // namespace ward::tpm
