#pragma once

#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "base/result.h"
#include "codec/json_write.h"

namespace ward::attest {

// The schema's name, published as docs/schemas/ward.appraisal-1.json.
inline constexpr const char* kAppraisalSchema = "ward.appraisal/1";

// write_appraisal writes one JSON object: schema, tee, verdict, tcb, development, claims, checks,
// unchecked, notes; write_appraisal_members its members alone, into an object that has more.
void write_appraisal_members(codec::JsonWriter& out, const Appraisal& appraisal);
void write_appraisal(codec::JsonWriter& out, const Appraisal& appraisal);

// write_checks writes the array of checks alone, as results carry it.
void write_checks(codec::JsonWriter& out, const std::vector<Check>& checks);

// write_claims writes an object of claims, in order; octets as lower-case hex.
void write_claims(codec::JsonWriter& out, const std::vector<Claim>& claims);

// claim_text writes one value for people.
[[nodiscard]] std::string claim_text(const ClaimValue& value);

}  // namespace ward::attest
