#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "token/jws.h"

// Private keys as text: PKCS #8 in PEM (RFC 7468), which openssl reads too.
namespace ward::server {

inline constexpr std::size_t kMaxKeyFileBytes = 16U << 10U;

// AdminKey is an administrator's key file: two lines that say whose it is, then the key.
struct AdminKey {
  std::string name;
  broker::Role role = broker::Role::kOwner;
  crypto::PrivateKey key;
};

[[nodiscard]] SecretBytes write_private_key(const crypto::PrivateKey& key);

// parse_private_key reads one PRIVATE KEY block. kMalformed, kUnsupported, kTruncated.
[[nodiscard]] Result<crypto::PrivateKey> parse_private_key(Bytes text);

// TokenKeys are the keys of results: one signs; another may be published before it will; those that
// signed until lately are kept as public keys alone, until the last of their results has expired.
struct TokenKeys {
  struct Retired {
    crypto::PublicKey key;
    UnixTime since;
  };

  crypto::PrivateKey signing;
  std::optional<crypto::PrivateKey> next;
  std::vector<Retired> retired;
};

inline constexpr std::size_t kMaxRetiredKeys = 16;

// kRetiredFor_s is the longest life of a result (token_seconds) and ten minutes: so long a retired
// key is published and accepted.
inline constexpr std::int64_t kRetiredFor_s = 4200;

// write_token_keys writes the signing key first, as write_private_key does, then the next, then
// each retired one as PUBLIC KEY under a line `retired: <RFC 3339>`.
[[nodiscard]] SecretBytes write_token_keys(const TokenKeys& keys);

// parse_token_keys reads them back. kMalformed: no PRIVATE KEY first, more than two, a public one
// without its line, one key twice; kUnsupported: see token_algorithm.h; kLimit; kTruncated.
[[nodiscard]] Result<TokenKeys> parse_token_keys(Bytes text);

// public_halves are all of them, the signing key's first.
[[nodiscard]] std::vector<crypto::PublicKey> public_halves(const TokenKeys& keys);

// drop_expired leaves the retired keys out whose results have all expired by `now`.
void drop_expired(TokenKeys& keys, UnixTime now);

enum class Rotation : std::uint8_t {
  kPublish,      // `fresh` becomes the next key, known before it signs
  kSwitch,       // the next key signs, or `fresh` where there is none; the one that did is retired
  kCompromised,  // `fresh` signs, and nothing else is left: what the others signed is void at once
};

// rotate: the private half of a key that no longer signs is gone. kStale: kPublish where there is a
// next key already; kLimit beyond kMaxRetiredKeys.
[[nodiscard]] Result<TokenKeys> rotate(TokenKeys keys, crypto::PrivateKey fresh, Rotation how,
                                       UnixTime now);

// write_admin_key writes "name: <name>\nrole: <role>\n" before the key.
[[nodiscard]] SecretBytes write_admin_key(const AdminKey& key);
[[nodiscard]] Result<AdminKey> parse_admin_key(Bytes text);

// signer_of signs JWS with `key`, which is borrowed, under its thumbprint as kid.
[[nodiscard]] token::JwsSigner signer_of(const crypto::PrivateKey& key);

// verifier_of is its public half.
[[nodiscard]] token::JwsKey verifier_of(const crypto::PublicKey& key);

// valid_name is true for what may name an administrator or a service: 1 to 64 of A-Z a-z 0-9 . _ -.
[[nodiscard]] bool valid_name(std::string_view name);

}  // namespace ward::server
