#pragma once

#include "crypto/internal/openssl.h"
#include "crypto/sign.h"

namespace ward::crypto {

struct PrivateKey::Impl {
  PkeyPtr pkey;
  PkeyCtxPtr sign;  // ready to sign; copied for each call. Null for Ed25519
  PublicKey public_key;
};

// check_rsa_form refuses sizes and exponents that no RSA key of ours is made with: kUnsupported.
Result<void> check_rsa_form(std::size_t bits, std::uint64_t exponent);

}  // namespace ward::crypto
