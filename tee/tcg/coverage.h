#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "tee/tcg/algorithm.h"
#include "tee/tcg/event_log.h"

namespace ward::tcg {

// Coverage says whether an event's digest is that of its data. Only covered octets are bound to the
// register that the event extends; everything else in an event, its type included, is the word of
// whoever delivered the log.
enum class Coverage : std::uint8_t {
  kWhole,        // all of the data
  kPart,         // the octets named
  kDescription,  // none: the data describes what was hashed (an image, a table, a file)
  kMismatch,     // none, though events of this type hash their data: the data was changed
  kNotExtended,  // EV_NO_ACTION extends nothing
};

[[nodiscard]] const char* to_text(Coverage coverage);  // "whole", "part", "description", ...

// Covered is the answer, with the octets of the data that the digest covers.
struct Covered {
  Coverage coverage = Coverage::kDescription;
  Bytes octets;  // borrows the event's data
};

// covered_by compares `digest`, the event's of `algorithm`, with that of its data, and of the part
// that its type's rules or its writers' habits name: the value of an EV_EFI_VARIABLE_BOOT (EDK II),
// an EV_EFI_VARIABLE_AUTHORITY without its last octet, the data of a tagged event, the text of an
// EV_IPL behind GRUB's prefix, without its end, or with an end that is not in the log. Hashes the
// data at most five times.
[[nodiscard]] Covered covered_by(const Event& event, Algorithm algorithm, Bytes digest);

}  // namespace ward::tcg
