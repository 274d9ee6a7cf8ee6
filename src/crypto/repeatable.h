#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

// Keys and signatures that are the same for the same input, in every run: for a development PKI
// that can be reproduced from a seed, and for vectors. All is the library's own work, in a library
// context whose generator gives a stream of octets (EVP_RAND-TEST-RAND), so that another version of
// OpenSSL that draws in another order makes other keys and signatures. Production keys and
// signatures do not come from here: they take OpenSSL's own generator (sign.h).
namespace ward::crypto {

// generate_rsa_from makes an RSA key of 2048, 3072 or 4096 bits with the exponent 65537 or 3 from
// `rng`: the same octets give the same key. It takes one to three seconds for 4096 bits.
// kUnsupported for other sizes and exponents; kInternal where `rng` gives no prime.
[[nodiscard]] Result<PrivateKey> generate_rsa_from(Rng& rng, std::size_t bits,
                                                   std::uint64_t exponent = 65537);

// sign_repeatably signs as PrivateKey::sign does, and what it makes is verified alike; but an ECDSA
// nonce and a PSS salt are derived from key and message. Calls do not depend on one another. Errors
// are those of PrivateKey::sign.
[[nodiscard]] Result<Buffer> sign_repeatably(const PrivateKey& key, SignatureAlgorithm algorithm,
                                             Bytes message);

// sign_repeatably_rs gives an ECDSA signature as r || s. kUnsupported for others.
[[nodiscard]] Result<Buffer> sign_repeatably_rs(const PrivateKey& key, SignatureAlgorithm algorithm,
                                                Bytes message);

}  // namespace ward::crypto
