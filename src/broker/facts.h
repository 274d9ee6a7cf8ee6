#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "protocol/kbs/message.h"

namespace ward::broker {

// kNoTcbStatus stands where a TCB status would, for a TEE whose maker gives none (AMD): the owner
// of a resource names it in accepted_tcb, and the policy for evidence judges the TCB
// (minimum_values).
inline constexpr const char* kNoTcbStatus = "NotStated";

// Facts are what a release is decided on. They travel inside the attestation result, in the member
// `ward.facts` of the TEE's claims, so that any replica can decide.
struct Facts {
  std::string tee;
  std::string verdict;  // "accepted"
  std::vector<std::string> unchecked;
  Buffer workload;  // the whole field of the evidence
  Buffer runtime;   // the launch measurement
  Buffer signer;    // empty where there is none
  std::optional<bool> debug;
  std::optional<std::string> tcb_status;  // nullopt: no level of the maker's matches
  bool development = true;
  std::string tee_pubkey;                                              // canonical JWK
  protocol::kbs::Version protocol = protocol::kbs::kVersions.front();  // the reply's form

  friend bool operator==(const Facts&, const Facts&) = default;
};

// facts_of reads them off an appraisal: what read_facts makes of its result, for a `tee_pubkey`
// that is canonical, but for the protocol.
[[nodiscard]] Facts facts_of(const attest::Appraisal& appraisal, std::string_view tee_pubkey);

// were_compared is true of facts that say that the evidence was accepted, its report data and its
// measurement compared: nothing is released on others.
[[nodiscard]] bool were_compared(const Facts& facts);

// write_claim writes a claim's value: octets as lower-case hex, numbers that a double cannot hold
// as text.
void write_claim(codec::JsonWriter& w, const attest::ClaimValue& value);

// tee_claims writes the claims of the TEE as one JSON object, with `ward.facts` beside them, and
// without the report data, which a result has beside both, as Trustee's have. Facts without a
// protocol are of a result that nothing is released on: read_facts refuses them.
[[nodiscard]] Result<std::string> tee_claims(const attest::Appraisal& appraisal,
                                             std::optional<protocol::kbs::Version> protocol);

// read_facts reads them back from the claims of a verified result (ear_payload of token/ear.h).
// kMalformed where a member is absent or of a wrong type; kUnsupported for another profile.
[[nodiscard]] Result<Facts> read_facts(const codec::JsonValue& claims);

// carries_digest is true where `field` holds `digest` as attest::workload_field has it, whole.
[[nodiscard]] bool carries_digest(Bytes field, Bytes digest);

// names_workload is true where a workload's field of the evidence is of this digest (32 octets or
// more, as init-data or a manifest has it): their first 32 octets are equal, or the field is a PCR
// that it was extended into.
[[nodiscard]] bool names_workload(Bytes digest, Bytes field);

// carries_init_data is true where the workload's field of the evidence was made of the digest of
// init-data, as the KBS protocol has it: followed by zeros, or cut to a field of 32 octets or more;
// extended into it where it is a PCR (of SHA-256, or SHA-384 where it has 48 octets).
[[nodiscard]] bool carries_init_data(const attest::Facts& facts, Bytes digest);

}  // namespace ward::broker
