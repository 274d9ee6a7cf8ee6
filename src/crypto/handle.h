#pragma once

#include "crypto/sign.h"
#include "crypto/signature.h"

extern "C" {
struct evp_pkey_st;  // OpenSSL's EVP_PKEY
}

namespace ward::crypto {

// native_handle lends OpenSSL's EVP_PKEY to src/net/tls, which puts it into a context (taking a
// reference of its own). Nobody else calls it. Lives as long as the key.
[[nodiscard]] evp_pkey_st* native_handle(const PublicKey& key);
[[nodiscard]] evp_pkey_st* native_handle(const PrivateKey& key);

}  // namespace ward::crypto
