#pragma once

#include "base/bytes.h"

// Attestation results as files and requests carry them.
namespace ward::cli {

// is_cwt is true of a CWT, which is CBOR: a tag or an array, which no text begins with.
[[nodiscard]] bool is_cwt(Bytes result);

// result_octets is a result without what stands around it: a text loses the white space before and
// behind it, and a CWT in base64, as `POST /v1/appraise` gives it, is decoded. Whether it is a
// result its verification says.
[[nodiscard]] Buffer result_octets(Bytes given);

}  // namespace ward::cli
