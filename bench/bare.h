#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "bench/hot_paths.h"

// The libraries below ward, called as directly as they can be: keys and signatures are taken apart
// beforehand, and nothing of ward's runs. What remains is the least that a verification costs.
namespace ward::bench {

// Bare is one call. Not thread safe.
struct Bare {
  std::string algorithm;  // "ECDSA P-256"
  std::string library;    // "OpenSSL 3.0.17"
  std::function<bool()> run;
};

// Signatures: `spki` is the DER SubjectPublicKeyInfo, `r_s` r || s big-endian. The hashing of the
// message is part of the run.
[[nodiscard]] Bare bare_p256(Bytes spki, Bytes message, Bytes r_s);

// bare_evp is any signature that OpenSSL's EVP_PKEY_verify knows, by the name that
// attest::SignatureFact has for it; nullopt for other names.
[[nodiscard]] std::optional<Bare> bare_evp(std::string_view algorithm, Bytes spki, Bytes message,
                                           Bytes signature);

// bare_p384 is the engine that this program registered (crypto/p384.h), or OpenSSL without one;
// `algorithm` is "ES384", or "ECDSA-P384-SHA256".
[[nodiscard]] Bare bare_p384(std::string_view algorithm, Bytes spki, Bytes message, Bytes r_s);

// bare_sign makes one ECDSA signature, DER, with the P-256 or P-384 key in `pkcs8`.
[[nodiscard]] Bare bare_sign(Bytes pkcs8, Bytes message);

// bare_x25519 and bare_p256_agreement make a key and derive a secret with another's; a server does
// so once for each peer. bare_ed25519_sign signs `message` with a key of its own.
[[nodiscard]] Bare bare_x25519();
[[nodiscard]] Bare bare_p256_agreement();
[[nodiscard]] Bare bare_ed25519_sign(Bytes message);

[[nodiscard]] Bare bare_p256_key(Bytes xy);
[[nodiscard]] Bare bare_sha256(Bytes data);
[[nodiscard]] Bare bare_sha384(Bytes data);
[[nodiscard]] Bare bare_aes256gcm(Bytes data);

// Parsers: RapidJSON's reader that keeps nothing, d2i_X509 and d2i_X509_CRL.
[[nodiscard]] Bare bare_json(Bytes document);
[[nodiscard]] Bare bare_certificate(Bytes der);
[[nodiscard]] Bare bare_crl(Bytes der);

// bare_libraries names what is called, with versions; that of P-384 once more where it is another.
[[nodiscard]] std::vector<std::string> bare_libraries();

// base_of makes one call a base: "1 x ECDSA P-256 (OpenSSL 3.0.17)".
[[nodiscard]] Base base_of(std::string name, Bare bare);

}  // namespace ward::bench
