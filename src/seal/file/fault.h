#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace ward::seal {

// Fault is what is wrong with a sealed file, or with what was brought to open it
// (docs/formats/sealed-file.md, "What is told apart").
enum class Fault : std::uint8_t {
  kNotSealed,
  kHeaderMalformed,
  kHeaderLimit,
  kUnsupportedVersion,
  kUnsupportedSuite,
  kNoSlot,
  kWrongKey,
  kHeaderChanged,
  kNameMismatch,
  kIdMismatch,
  kContentVersion,  // value: the version that the file has
  kSegmentChanged,  // value: number of the segment
  kSegmentMoved,    // value: number of the segment that stands in another's place
  kTruncated,       // value: octets of plaintext before it, or of the head
  kTrailingData,
  kContentChanged,
  kSizeMismatch,  // when sealing: the plaintext has another size than was said
  kNoProvenance,
  kProvenanceUnchecked,
  kTokenUntrusted,
  kTokenStale,    // `created` is outside the token's time, or in the future
  kTokenIssuer,   // another issuer than the caller expects
  kTokenDenied,   // the token does not say that this attester was accepted
  kTokenWarning,  // the verifier accepted a platform of known weaknesses; the caller does not
  kDevelopment,   // the token is of a development platform, which the caller does not allow
  kSignature,
  kInitData,  // the token names other init-data
  kWorkload,  // the caller expects another workload
  kInputs,    // the caller expects other inputs
};

// to_text is the fault's stable name: "segment_changed".
[[nodiscard]] std::string_view to_text(Fault fault);

// fault_error makes the error of a fault: its code is the one of the table, its text begins
// with its name, "seal.file.segment_changed: ".
[[nodiscard]] Error fault_error(Fault fault);
[[nodiscard]] Error fault_error(Fault fault, std::uint64_t value);

// fault_of finds the fault of an error that fault_error made; nullopt for other errors.
[[nodiscard]] std::optional<Fault> fault_of(const Error& error);

}  // namespace ward::seal
