#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "base/time.h"
#include "seal/file/fault.h"
#include "seal/file/header.h"
#include "token/jws.h"
#include "token/jwt.h"

namespace ward::seal {

// ExpectedInput is a sealed file that the output must have been made from.
struct ExpectedInput {
  std::string_view name;
  FileId id{};
};

// ProvenanceExpectations are what a receiver trusts and asks of an output. There is no default:
// what is not asked is spelt token::Unchecked{}.
struct ProvenanceExpectations {
  std::span<const token::JwsKey> token_keys{};  // of the verifier, chosen beforehand
  std::variant<token::Unchecked, std::string> issuer;
  std::variant<token::Unchecked, Workload> workload;
  std::span<const ExpectedInput> inputs{};  // each must be there; others may be there too
  bool allow_warning = false;      // platforms that the verifier accepted in spite of weaknesses
  bool allow_development = false;  // then the verdict counts instead of the status
  UnixTime now;  // `created` must not be later than this, give or take kClockSkewSeconds
};

inline constexpr std::int64_t kClockSkewSeconds = 300;

// A keep attests before its run and seals after it: its token may have expired meanwhile, by as
// long as a run may last (keep::kMaxRunSeconds, compared in keep/sealed_files.cc).
inline constexpr std::int64_t kTokenExpiryGraceSeconds = std::int64_t{7} * 24 * 3600;

// The faults of check_provenance, in the order in which it looks for them: whoever gets one knows
// that the ones before it were not found, where they were asked for.
inline constexpr Fault kProvenanceOrder[] = {
    Fault::kNoProvenance, Fault::kTokenUntrusted, Fault::kTokenIssuer, Fault::kTokenStale,
    Fault::kTokenDenied,  Fault::kTokenWarning,   Fault::kDevelopment, Fault::kSignature,
    Fault::kInitData,     Fault::kWorkload,       Fault::kInputs,
};

// CheckedProvenance is what was proved.
struct CheckedProvenance {
  Workload workload{};
  UnixTime created;
  bool development = false;
};

// check_provenance verifies the token as of `created` (an output stays good when its token has
// expired; it may have by kTokenExpiryGraceSeconds even then), what it concludes, the signature by
// the key that it binds, that it names the init-data, and what the caller expects, in the order of
// kProvenanceOrder. The header must be authentic already (unlock). kNoProvenance, kTokenUntrusted,
// kTokenStale, kTokenIssuer, kTokenDenied, kTokenWarning, kDevelopment, kSignature, kInitData,
// kWorkload, kInputs.
[[nodiscard]] Result<CheckedProvenance> check_provenance(const Head& head,
                                                         const ProvenanceExpectations& expected);

// provenance_message is what the signature is over.
[[nodiscard]] Buffer provenance_message(Bytes authenticated);

}  // namespace ward::seal
