#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/diag.h"
#include "base/result.h"
#include "token/ear.h"

// The body of POST /v1/appraise (docs/protocols/appraise.md), without keys.
namespace ward::broker {

inline constexpr std::size_t kMaxAudience = 512;       // octets
inline constexpr std::size_t kMaxStatedData = 64;      // octets: no field of report data has more
inline constexpr std::size_t kMaxRuntimeMembers = 64;  // of runtime_data
inline constexpr std::size_t kMaxRuntimeBytes = std::size_t{64} << 10U;
inline constexpr std::size_t kMaxRuntimeDepth = 16;

// AppraiseRequest asks for the appraisal of evidence that answers the nonce of `session`, or that
// carries `report_data`: one of the two is there.
struct AppraiseRequest {
  std::string tee;                  // as the KBS protocol calls it; empty: not said
  std::string primary_evidence;     // one JSON value, as there
  std::string additional_evidence;  // a text, as there; empty: none
  std::string session;              // of /v1/nonce
  std::string runtime_data;         // one JSON object, canonical, that is bound beside the nonce
  std::optional<Buffer> report_data;
  std::string audience;  // of the result
  token::EarProfile profile = token::EarProfile::kTrustee;
};

// parse_appraise_request is strict: a member that is not known is refused. The Diag names the place
// and never quotes the document.
[[nodiscard]] Result<AppraiseRequest, Diag> parse_appraise_request(Bytes json);

// appraised_text is what the primary evidence binds: the RFC 8785 text of runtime_data's members
// with `nonce` and `additional-evidence` beside them, so that {"tee-pubkey":{...}} gives what KBS
// 0.4.0 binds; without additional-evidence it is what other devices bind. kMalformed where
// runtime_data is no object, or has either member itself.
[[nodiscard]] Result<std::string> appraised_text(
    std::string_view nonce, std::string_view runtime_data,
    const std::optional<std::string>& additional_evidence);

// told_text is what the primary evidence bound, for those who are not to see the evidence of other
// devices: it names their machines, and is long. Its digest stands for it ("sha256:...").
// kMalformed where `bound` is no JSON object.
[[nodiscard]] Result<std::string> told_text(std::string_view bound);

}  // namespace ward::broker
