#pragma once

#include <memory>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/param_build.h>

// Ownership of OpenSSL's objects; for src/crypto alone.
namespace ward::crypto::internal {

struct Free {
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }

  void operator()(EVP_PKEY_CTX* p) const { EVP_PKEY_CTX_free(p); }

  void operator()(EVP_MD_CTX* p) const { EVP_MD_CTX_free(p); }

  void operator()(EVP_CIPHER_CTX* p) const { EVP_CIPHER_CTX_free(p); }

  void operator()(EVP_MAC* p) const { EVP_MAC_free(p); }

  void operator()(EVP_MAC_CTX* p) const { EVP_MAC_CTX_free(p); }

  void operator()(EVP_KDF* p) const { EVP_KDF_free(p); }

  void operator()(EVP_KDF_CTX* p) const { EVP_KDF_CTX_free(p); }

  void operator()(BIGNUM* p) const { BN_clear_free(p); }

  void operator()(ECDSA_SIG* p) const { ECDSA_SIG_free(p); }

  void operator()(OSSL_PARAM_BLD* p) const { OSSL_PARAM_BLD_free(p); }

  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
};

template <class T>
using Owned = std::unique_ptr<T, Free>;

// ErrorQueueGuard leaves no entry in OpenSSL's thread-local error queue: a refusal is an answer,
// not a pending error.
class ErrorQueueGuard {
 public:
  ErrorQueueGuard() = default;
  ErrorQueueGuard(const ErrorQueueGuard&) = delete;
  ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;

  ~ErrorQueueGuard() { ERR_clear_error(); }
};

}  // namespace ward::crypto::internal
