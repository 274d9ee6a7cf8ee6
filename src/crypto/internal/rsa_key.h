#pragma once

#include "crypto/internal/public_key.h"

// RSA public keys in the library's low-level structure, for the reasons of ec_key.h: an EVP_PKEY
// takes longer to make, and each verification by one copies a context and sets it up anew.
// rsa_key.cc is the one file that calls these deprecated functions.
namespace ward::crypto {

// rsa_key_from takes modulus and exponent, big-endian, which were looked at already.
RsaPtr rsa_key_from(Bytes modulus, Bytes exponent);

// rsa_verify judges a signature of the modulus's size over `hash`; false for another size.
bool rsa_verify(const PublicKey::Impl& key, const Scheme& scheme, Bytes hash, Bytes signature);

// rsa_handle makes the library's high-level key of it; null where the library refuses it.
PkeyPtr rsa_handle(const PublicKey::Impl& key);

}  // namespace ward::crypto
