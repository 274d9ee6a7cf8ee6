#pragma once

#include "crypto/internal/openssl.h"
#include "crypto/sign.h"

namespace ward::crypto {

struct PrivateKey::Impl {
  PkeyPtr pkey;
  PkeyCtxPtr sign;  // ready to sign; copied for each call. Null for Ed25519
  PublicKey public_key;
};

}  // namespace ward::crypto
