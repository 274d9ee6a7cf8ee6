#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace ward::crypto {

// Owners of the library's handles.
template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* handle) const {
    Free(handle);
  }
};

using BnPtr = std::unique_ptr<BIGNUM, Deleter<BN_clear_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using PkeyPtr = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using PkeyCtxPtr = std::unique_ptr<EVP_PKEY_CTX, Deleter<EVP_PKEY_CTX_free>>;
using ParamBldPtr = std::unique_ptr<OSSL_PARAM_BLD, Deleter<OSSL_PARAM_BLD_free>>;
using ParamPtr = std::unique_ptr<OSSL_PARAM, Deleter<OSSL_PARAM_free>>;
using CipherCtxPtr = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;
using MacCtxPtr = std::unique_ptr<EVP_MAC_CTX, Deleter<EVP_MAC_CTX_free>>;
using KdfCtxPtr = std::unique_ptr<EVP_KDF_CTX, Deleter<EVP_KDF_CTX_free>>;

// must ends the process where a call fails that fails only for want of memory or by our own bug.
inline void must(bool ok) {
  if (!ok) std::abort();
}

template <class T>
T* must_get(T* handle) {
  must(handle != nullptr);
  return handle;
}

// Drops what failed calls of this scope left in the thread's error queue: TLS reads the same queue.
class ErrorScope {
 public:
  ErrorScope() { ERR_set_mark(); }

  ErrorScope(const ErrorScope&) = delete;
  ErrorScope& operator=(const ErrorScope&) = delete;

  ~ErrorScope() { ERR_pop_to_mark(); }
};

// The library's hash, fetched once: OpenSSL 3.0 otherwise looks the name up at every use.
const EVP_MD* md_of(Hash hash);

// hash_into writes the digest into `out`, which has the hash's size.
void hash_into(Hash hash, Bytes data, std::span<std::uint8_t> out);

// The hash's name in OSSL_PARAMs.
const char* md_name(Hash hash);

}  // namespace ward::crypto
