#pragma once

#include <memory>

#include "crypto/internal/public_key.h"

// EC public keys in the library's low-level structure. An EVP_PKEY takes four times as long to
// make, and a verification by one copies a context and counts references to the key, which threads
// share. OpenSSL 3 calls these functions deprecated; ec_key.cc is the one file that does not mind.
namespace ward::crypto {

// ec_key_from_point takes 04 || x || y; null where that is no point of the curve.
EcKeyPtr ec_key_from_point(const Curve& curve, Bytes point);

// ec_verify judges r || s, each of the field's octet length, over `hash`; false for another size.
// Changes nothing in the key, so that threads may share it.
bool ec_verify(const PublicKey::Impl& key, Bytes hash, Bytes r_s);

}  // namespace ward::crypto
