#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/json.h"
#include "token/ear.h"
#include "token/jws.h"
#include "token/jwt.h"

// Attestation results as CWT (RFC 8392): the claim set of draft-ietf-rats-ear-03 under the integer
// keys of its CDDL, in a COSE_Sign1. Each claim set has one form in JSON, EarProfile::kIetf, and
// everything that reads or judges a result reads that.
namespace ward::token {

// `ward.appraisal` in CBOR. Claims of one's own stand below -65536 (RFC 8392 section 9.1.1).
inline constexpr std::int64_t kCwtWardAppraisal = -77000;

// ear_cbor writes the claim set in deterministic CBOR. Errors of ear_payload; kUnsupported where a
// *_json member holds a number that is no integer; kMalformed where the id is not hex.
[[nodiscard]] Result<Buffer> ear_cbor(const Ear& ear);

// ear_json gives a claim set that stands in CBOR as kIetf has it in JSON. Integer keys that are not
// known are passed over, at the top and in each submod, as the draft asks (section 4), and so are
// keys that are text there. kMalformed, kUnsupported (floating-point numbers, tags, keys of another
// kind inside what others annotated), kTruncated, kLimit.
[[nodiscard]] Result<std::string> ear_json(Bytes cbor);

// sign_ear_cwt signs a result: COSE_Sign1 with tag 18, its protected header naming algorithm, key
// and media type. kUnsupported where COSE has no such algorithm (RS256); kLimit beyond
// kMaxCoseBytes.
[[nodiscard]] Result<Buffer> sign_ear_cwt(const JwsSigner& signer, const Ear& ear);

// verify_cwt verifies a signed result: under the one of `keys` that its kid names, or, where it or
// the key has none, the only one of the set. `payload` and `claims` of what it returns are the
// claims in JSON (ear_json), `header` is null. Tag 61 before it (RFC 8392 section 6) is passed
// over. kUnsupported: another algorithm than the key's; kDenied: a `typ` of something else;
// kUntrusted: no such key, a wrong signature; kMalformed: a payload that is sent elsewhere. Errors
// of parse_cose_sign1, ear_json and check_claims besides; rules.ignore_embedded_key has no bearing.
[[nodiscard]] Result<VerifiedJwt> verify_cwt(Bytes message, std::span<const JwsKey> keys,
                                             const JwtExpectations& expected);

}  // namespace ward::token
