#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"

namespace ward::pki {

// parse_signature_algorithm reads the contents of a signature's AlgorithmIdentifier (RFC 5280
// section 4.1.1.2): the algorithms of crypto::SignatureAlgorithm with exactly their parameters
// (RSA-PSS: one hash for message and MGF1, a salt of its size). kUnsupported for any other.
[[nodiscard]] Result<crypto::SignatureAlgorithm> parse_signature_algorithm(Bytes contents);

// write_signature_algorithm is its inverse: the whole AlgorithmIdentifier, encoded.
[[nodiscard]] Buffer write_signature_algorithm(crypto::SignatureAlgorithm algorithm);

}  // namespace ward::pki
