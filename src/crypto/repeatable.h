#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/sign.h"

// Keys and signatures that are the same for the same input, in every run, on every machine and
// under every version of OpenSSL: for a development PKI that can be reproduced from a seed, and for
// vectors. Production keys and signatures do not come from here: they take OpenSSL's own generator
// (sign.h), and this arithmetic is not hardened against who can measure its time.
namespace ward::crypto {

// generate_rsa_from makes an RSA key of 2048, 3072 or 4096 bits with the exponent 65537 or 3 from
// `rng`: the same octets give the same key (two primes with their two highest bits set, drawn and
// tested one after the other; FIPS 186-5 appendix A.1.3 without its seed). It takes about a second
// for 4096 bits. kUnsupported for other sizes and exponents; kInternal where `rng` gives no prime.
[[nodiscard]] Result<PrivateKey> generate_rsa_from(Rng& rng, std::size_t bits,
                                                   std::uint64_t exponent = 65537);

// sign_repeatably signs as PrivateKey::sign does, and what it makes is verified alike; but an ECDSA
// nonce is that of RFC 6979, and a PSS salt is derived from key and message by HKDF. Calls do not
// depend on one another. Errors are those of PrivateKey::sign.
[[nodiscard]] Result<Buffer> sign_repeatably(const PrivateKey& key, SignatureAlgorithm algorithm,
                                             Bytes message);

// sign_repeatably_rs gives an ECDSA signature as r || s. kUnsupported for others.
[[nodiscard]] Result<Buffer> sign_repeatably_rs(const PrivateKey& key, SignatureAlgorithm algorithm,
                                                Bytes message);

}  // namespace ward::crypto
