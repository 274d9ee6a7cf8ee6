#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "token/jws.h"

// Keys as the command line takes them: files, never arguments. Each is kUnavailable where the file
// cannot be read and kMalformed where it is no regular file or does not hold such a key; nothing
// waits for the other end of a FIFO. A private key is kUntrusted where group or others may read it.
namespace ward::cli {

// secret_base64 is the base64 of a secret (RFC 4648 section 4), in memory that is wiped.
[[nodiscard]] SecretBytes secret_base64(Bytes secret);

// read_secret reads a whole small file into locked memory.
[[nodiscard]] Result<SecretBytes> read_secret(const std::string& path, std::size_t max);

// read_resource_key: exactly 32 octets.
[[nodiscard]] Result<SecretBytes> read_resource_key(const std::string& path);

// read_passphrase: the file's octets without one line end (LF or CRLF) at the end; not empty.
[[nodiscard]] Result<SecretBytes> read_passphrase(const std::string& path);

// read_identity: a P-256 private key in PEM (PKCS #8, "PRIVATE KEY").
[[nodiscard]] Result<crypto::PrivateKey> read_identity(const std::string& path);

// read_signing_key: a private key of any kind in PEM (PKCS #8, "PRIVATE KEY").
[[nodiscard]] Result<crypto::PrivateKey> read_signing_key(const std::string& path);

// read_recipient: a P-256 public key as JWK or PEM ("PUBLIC KEY").
[[nodiscard]] Result<crypto::PublicKey> read_recipient(const std::string& path);

// read_either_half: the public key of a P-256 key in any form that read_identity and read_recipient
// take.
[[nodiscard]] Result<crypto::PublicKey> read_either_half(const std::string& path);

// read_verifying_key: a public key of any kind in PEM ("PUBLIC KEY"), without a name: whoever names
// it means it, whatever a token calls it.
[[nodiscard]] Result<token::JwsKey> read_verifying_key(const std::string& path);

// read_jwks: the keys that a verifier signs its results with.
[[nodiscard]] Result<std::vector<token::JwsKey>> read_jwks(const std::string& path);

}  // namespace ward::cli
