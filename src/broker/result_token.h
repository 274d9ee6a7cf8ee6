#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "attest/appraisal.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "token/ear.h"

namespace ward::broker {

// ResultInputs is what an attestation result is made of, beside the appraisal.
struct ResultInputs {
  std::string_view policy_id;
  std::string_view runtime_data;  // JSON, as bound
  std::string_view tee_pubkey;
  // Of whoever may ask for resources with it; nullopt: it opens none.
  std::optional<protocol::kbs::Version> protocol = protocol::kbs::kVersions.front();
  Bytes init_data_digest;       // empty where none was sent
  RegoSaid rego;                // its claims may worsen the vector, and fill its gaps
  std::string_view audience{};  // empty: the service itself
  Bytes nonce{};                // that the evidence answers; empty: left out
  token::EarProfile profile = token::EarProfile::kTrustee;
};

// submod_of is what a result says of one appraisal, whatever its verdict: each check once, where
// parts of composite evidence have it several times.
[[nodiscard]] Result<token::EarSubmod> submod_of(const attest::Appraisal& appraisal,
                                                 const ResultInputs& inputs);

// SignedResult is a signed EAR, and what is in it.
struct SignedResult {
  std::string token;   // a CWT in base64
  std::string claims;  // JSON as it was signed; empty for a CWT
  UnixTime issued;
  UnixTime expires;
};

// make_result signs the EAR of one appraisal (token/ear.h).
[[nodiscard]] Result<SignedResult> make_result(const Service& service,
                                               const attest::Appraisal& appraisal,
                                               const ResultInputs& inputs, UnixTime now);

// result_digest names a result: SHA-256 in hex of what its signature covers. Its signature can be
// written in two ways (ECDSA), which are one result.
[[nodiscard]] std::string result_digest(std::string_view token);

// result_claims is the claim set that make_result would sign, as a policy in Rego for results sees
// it: JSON, with `id` for its jti.
[[nodiscard]] Result<std::string> result_claims(const Service& service,
                                                const attest::Appraisal& appraisal,
                                                const ResultInputs& inputs, std::string id,
                                                UnixTime now);

}  // namespace ward::broker
