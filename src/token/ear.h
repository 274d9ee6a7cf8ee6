#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "codec/json.h"
#include "token/jws.h"
#include "token/jwt.h"

namespace ward::token {

// The profile that Trustee's relying parties read (dotted claim names).
inline constexpr std::string_view kTrusteeProfile =
    "tag:github.com,2024:confidential-containers/Trustee";

// The profile of draft-ietf-rats-ear-03 (underscored claim names), in JSON and in CBOR.
inline constexpr std::string_view kIetfProfile = "tag:ietf.org,2026:rats/ear#03";

// EarProfile is how a result is written: three forms of the same claims.
enum class EarProfile : std::uint8_t {
  kTrustee,  // JWT, kTrusteeProfile
  kIetf,     // JWT, kIetfProfile
  kCwt,      // COSE_Sign1 over CBOR, kIetfProfile (token/ear_cwt.h)
};

[[nodiscard]] std::string_view to_text(EarProfile profile);  // "trustee", "ietf", "cwt"
[[nodiscard]] std::optional<EarProfile> ear_profile(std::string_view name);

// media_type is what a signed result is called (RFC 9782, draft-ietf-rats-ear-03 section 5):
// `application/eat+jwt; eat_profile="..."`, `application/eat+cwt; eat_profile="..."`.
[[nodiscard]] std::string media_type(EarProfile profile);

inline constexpr std::size_t kMaxEarSubmods = 32;
inline constexpr std::size_t kMaxEarChecks = 1024;

// Tier of a trustworthiness claim (draft-ietf-rats-ar4si section 2.3.2), in the order of the
// draft's numbers 0, 2, 32, 96. Only kAffirming is a good word; kNone says nothing.
enum class TrustTier : std::uint8_t { kNone, kAffirming, kWarning, kContraindicated };

[[nodiscard]] std::string_view to_text(TrustTier tier);  // "affirming", "none", ...

// tier_of sorts a claim's value into its tier (AR4SI section 2.3.3): 2..31 and -32..-2
// affirm, 32..95 and -96..-33 warn, 96..127 and -128..-97 contraindicate, -1..1 say nothing.
[[nodiscard]] TrustTier tier_of(std::int8_t claim);

// TrustVector holds the AR4SI claims; 0 makes no claim.
struct TrustVector {
  std::int8_t instance_identity = 0;
  std::int8_t configuration = 0;
  std::int8_t executables = 0;
  std::int8_t file_system = 0;
  std::int8_t hardware = 0;
  std::int8_t runtime_opaque = 0;
  std::int8_t storage_opaque = 0;
  std::int8_t sourced_data = 0;

  // status is the greatest tier of all claims: contraindicated, else warning, else affirming, else
  // none where no claim is made at all.
  [[nodiscard]] TrustTier status() const;
};

// EarCheck is one reason: a check of the appraisal in the words of docs/checks.md. A result has of
// those that passed the id alone.
struct EarCheck {
  std::string id;
  std::string outcome;  // "passed", "failed", "not_done"
  std::string found;
  std::string expected;
  std::string expected_from;
  std::string reference;
  std::string hint;
};

// EarSubmod is the appraisal of one attester ("cpu0"). The status that is written is
// vector.status(), or contraindicated where the verdict is not "accepted".
struct EarSubmod {
  std::string name = "cpu0";
  TrustVector vector;
  std::string policy_id = "default";
  Buffer nonce;  // that the evidence answers, 8 to 64 octets; empty: left out. kTrustee has it in
                 // runtime_data alone

  std::string tee;                // "sgx": the claims' name in the annotated evidence
  std::string tee_claims_json;    // an object; empty: {}
  std::string runtime_data_json;  // {"nonce":...,"tee-pubkey":{...}} as bound; empty: left out
  std::string init_data_json;     // init_data_claims; empty: left out
  Buffer report_data;             // in hex; empty: left out
  Buffer init_data;               // the digest, in hex; empty: left out

  // Further members, name and JSON, that a policy states beside the vector; kTrustee alone writes
  // them. Names of Trustee's extensions (is_extension_name) stand in the submod, all others below
  // `ward.extensions`.
  std::vector<std::pair<std::string, std::string>> extensions;

  // ward's own claim `ward.appraisal`
  std::string verdict;  // "accepted", "refused", "undetermined"
  std::string tcb_status;
  std::vector<std::string> tcb_advisories;
  bool development = false;
  std::vector<EarCheck> checks;  // each once, at most kMaxEarChecks
  std::vector<std::string> unchecked;
};

// Ear is an attestation result (draft-ietf-rats-ear), whatever its form.
struct Ear {
  std::string issuer;
  std::string verifier_developer = "ward";
  std::string verifier_build;
  std::string audience;  // empty: left out
  std::string id;        // jti, in hex; empty: left out
  UnixTime issued;
  UnixTime expires;
  std::vector<EarSubmod> submods;
};

// ear_payload writes the claim set in JSON: canonical (RFC 8785). kCwt is written as kIetf, which
// is the same claim set. kMalformed where a *_json member is not one JSON object, or two submods
// have one name, or there is none, or a text is not UTF-8, or a nonce has another size, or a check
// stands twice or failed where the verdict is "accepted"; kDenied where a development platform's
// hardware is called affirming; kLimit.
[[nodiscard]] Result<std::string> ear_payload(const Ear& ear,
                                              EarProfile profile = EarProfile::kTrustee);

// sign_ear signs the claim set as a JWT; its typ is JWT, as Trustee has it, or eat+jwt.
// kUnsupported for kCwt, which is no text: sign_ear_cwt.
[[nodiscard]] Result<std::string> sign_ear(const JwsSigner& signer, const Ear& ear,
                                           EarProfile profile = EarProfile::kTrustee);

// sign_ear_claims signs what ear_payload wrote, in the same way.
[[nodiscard]] Result<std::string> sign_ear_claims(const JwsSigner& signer, std::string_view claims,
                                                  EarProfile profile);

// is_extension_name is true of "ear.trustee.identifiers" and the like: no name of the profile's own
// begins so.
[[nodiscard]] bool is_extension_name(std::string_view name);

// EarView is what a relying party reads of a verified result.
struct EarView {
  struct Submod {
    std::string name;
    TrustTier status = TrustTier::kContraindicated;
    TrustVector vector;
    std::vector<std::string> policy_ids;
    std::vector<std::string> nonces;  // of the evidence, as stated: base64
    std::string verdict;              // of ward.appraisal; empty where the issuer writes none
    std::string tcb_status;           // the same
    bool development = true;  // true unless ward.appraisal says false: absence is not a promise
    std::vector<std::string> unchecked;
    std::vector<EarCheck> checks;                    // of ward.appraisal: those that passed first
    const codec::JsonValue* runtime_data = nullptr;  // runtime_data_claims; borrowed, may be null
    const codec::JsonValue* tee_pubkey = nullptr;    // runtime_data_claims/tee-pubkey; may be null
  };

  EarProfile profile = EarProfile::kTrustee;  // kTrustee or kIetf: the claims' names
  std::vector<std::string> nonces;            // of the result, as stated: base64
  std::vector<Submod> submods;
};

// view_ear reads the claims of a verified token, of either profile, whichever it says; those of a
// CWT as verify_cwt gives them. The pointers live as long as `claims`. kUnsupported: another
// profile, another form of ward.appraisal; kMalformed: claims that are absent or of a wrong type,
// or a status better than the vector's worst claim, or a status of all better than the worst
// submod's, or a check that stands twice, or a verdict of "accepted" where one failed; kLimit.
[[nodiscard]] Result<EarView> view_ear(const codec::JsonValue& claims);

// answers_nonce is true where the result repeats this nonce (base64, of either alphabet): itself,
// or in every submod. The octets are compared; text that is no base64 as it stands.
[[nodiscard]] bool answers_nonce(const EarView& ear, std::string_view nonce);

// judge_ear is what a relying party asks of a result at least: every submod affirming, its verdict
// "accepted" where ward wrote one, nothing unchecked, and no development platform unless
// `allow_development`; then its verdict counts instead of its status, since its hardware is never
// called genuine. Results of others carry no ward.appraisal and so count as development. kDenied
// names the first reason. Policies (src/policy, the broker) ask more.
// A result that answers `nonce` may have kFreshness among what was not checked: whoever asked with
// it knows that the evidence is no older.
[[nodiscard]] Result<void> judge_ear(const EarView& ear, bool allow_development,
                                     std::string_view nonce = {});

// kFreshness is unchecked where the evidence carries a value that its sender stated, not a nonce of
// the verifier's: whoever has such evidence can show it again and again.
inline constexpr std::string_view kFreshness = "freshness";

// VectorMember names a claim of the vector: in JSON, and by its key in CBOR (AR4SI section 3.1).
struct VectorMember {
  std::string_view name;
  std::int64_t key;
  std::int8_t TrustVector::*claim;
};

[[nodiscard]] std::span<const VectorMember> vector_members();

}  // namespace ward::token
