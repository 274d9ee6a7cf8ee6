#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "verifier/verifier.h"

// Evidence of a composite device (RFC 9334 section 3.3): a processor's, its TPM's, its GPUs', in
// one request and one verdict.
namespace ward::verifier {

// At most this many parts are looked at.
inline constexpr std::size_t kMaxParts = 64;

// A binding is a digest over nonce and key, of this size (SHA-256) or more: each part carries as
// much of it as its field holds.
inline constexpr std::size_t kMinBinding = 32;
inline constexpr std::size_t kMaxBinding = 48;

// PartRequest is one part. Borrowed.
struct PartRequest {
  std::string name;  // "snp0": each once, for people and for the verdict
  Bytes evidence;
  attest::Expected binding;  // kMinBinding to kMaxBinding octets each
  attest::Expected measurement;
  attest::Expected workload;
  attest::Collateral beside{};  // documents of this part alone: its event log
  bool whole_field = false;     // `binding` is the field itself, of the size that the TEE's has
};

// CompositeRequest is one appraisal of all parts. `parts` begins with the one that holds the key.
// Where a part's binding is unchecked, all parts are compared with each other.
struct CompositeRequest {
  std::span<const PartRequest> parts;
  const attest::Collateral& collateral;  // of all
  UnixTime now;

  // At least so many different devices of a TEE: {"nvidia", 8}, in one part or in several.
  std::map<std::string, std::size_t> required;
  const PreparedCollateral* prepared = nullptr;
  bool work = false;  // write down what the verdicts are derived from
};

// PartAppraisal is the verdict on one part.
struct PartAppraisal {
  std::string name;
  attest::Appraisal appraisal;
  attest::Work work;  // where it was asked for
};

// CompositeAppraisal is the verdict on all of them: refused where any part or any check is.
struct CompositeAppraisal {
  attest::Verdict verdict = attest::Verdict::kRefused;
  UnixTime at;
  bool development = false;  // of any part
  std::vector<PartAppraisal> parts;
  std::vector<attest::Check> checks;  // composite.*; of composite.part.verdict one for each part
                                      // behind the first
};

// composite_checks are the checks of composites.
[[nodiscard]] std::span<const attest::CheckInfo> composite_checks();

// field_of is the report data that evidence of a TEE carries for a binding: as much as there is
// room for, zeros behind it.
[[nodiscard]] Buffer field_of(Bytes binding, const attest::SchemeInfo& info);

// names_of names evidence by its TEE and a number: "snp0", "nvidia0", "nvidia1". kUnsupported where
// no scheme recognises one; the error says which.
[[nodiscard]] Result<std::vector<std::string>> names_of(const Verifier& verifier,
                                                        std::span<const Bytes> evidence);

// appraise_composite appraises every part under the verifier's policy, and them together. Errors of
// Verifier::appraise; kMalformed for no parts or a binding of another size, kLimit for too many.
[[nodiscard]] Result<CompositeAppraisal> appraise_composite(const Verifier& verifier,
                                                            const CompositeRequest& request);

// in_one is the whole verdict as an appraisal of the first part, with its facts and with the
// composite's checks behind its own: for those who know no parts. What was not asked of another
// part is listed with the part's name: "tpm0.measurement".
[[nodiscard]] attest::Appraisal in_one(const CompositeAppraisal& composite);

// summary is the line for people: "accepted", "refused: nvidia1: nvidia.report.signature".
[[nodiscard]] std::string summary(const CompositeAppraisal& composite);

}  // namespace ward::verifier
