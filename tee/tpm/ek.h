#pragma once

#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/collateral.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/signature.h"

// An endorsement key's certificate: what a TPM's maker says of a TPM before anything that it signs
// is believed (TCG EK Credential Profile 2.5).
namespace ward::tpm {

// EkQuestion is one certificate and what it is judged by. Borrows all.
struct EkQuestion {
  const attest::Document& certificate;      // PEM or DER, one certificate
  const attest::Collateral& collateral;     // certificates up to a root, revocation lists
  std::span<const attest::Anchor> anchors;  // whom the relying party named
  UnixTime now;
  bool require_crl = false;
};

// Ek is a key that a maker certified.
struct Ek {
  crypto::PublicKey key;
  std::string maker;  // "id:00001014, swtpm, id:20191023", or the certificate's subject
  // The issuers whose revocation lists were not given; empty where nothing is revoked.
  std::vector<std::string> unlisted;
};

// EkFault says why there is none.
struct EkFault {
  bool absent = false;  // something is missing, nothing is wrong
  std::string what;
};

// judge_ek judges the chain of an EK's certificate up to a named root: signatures, names,
// constraints, that the key is one to encipher to (RSA) or to agree with (ECC), times, the mark of
// development platforms, and every revocation list that is given.
[[nodiscard]] Result<Ek, EkFault> judge_ek(const EkQuestion& question);

}  // namespace ward::tpm
