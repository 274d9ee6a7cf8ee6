#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
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
