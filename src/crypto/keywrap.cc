#include "crypto/keywrap.h"

#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kBlock = 8;

// Fetched once; freed by the process's end.
EVP_CIPHER* fetch(const char* name) { return must_get(EVP_CIPHER_fetch(nullptr, name, nullptr)); }

// Null for a key size that AES does not have.
const EVP_CIPHER* cipher_of(std::size_t kek_bytes) {
  static EVP_CIPHER* const wrap128 = fetch("AES-128-WRAP");
  static EVP_CIPHER* const wrap192 = fetch("AES-192-WRAP");
  static EVP_CIPHER* const wrap256 = fetch("AES-256-WRAP");
  if (kek_bytes == 16) return wrap128;
  if (kek_bytes == 24) return wrap192;
  return kek_bytes == 32 ? wrap256 : nullptr;
}

Result<void> check_sizes(Bytes kek, std::size_t key_bytes) {
  if (cipher_of(kek.size()) == nullptr) {
    return Error(Errc::kMalformed, "crypto.keywrap: key-encryption key size", kek.size());
  }
  if (key_bytes % kBlock != 0) return Error(Errc::kMalformed, "crypto.keywrap: size", key_bytes);
  if (key_bytes < kKeyWrapMinBytes || key_bytes > kKeyWrapMaxBytes) {
    return Error(Errc::kLimit, "crypto.keywrap: size", key_bytes);
  }
  return {};
}

CipherCtxPtr context(Bytes kek, int encrypt) {
  CipherCtxPtr ctx(must_get(EVP_CIPHER_CTX_new()));
  EVP_CIPHER_CTX_set_flags(ctx.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  must(EVP_CipherInit_ex2(ctx.get(), cipher_of(kek.size()), kek.data(), nullptr, encrypt,
                          nullptr) == 1);
  return ctx;
}

}  // namespace

Result<Buffer> wrap_key(Bytes kek, Bytes key) {
  WARD_CHECK_OK(check_sizes(kek, key.size()));
  const CipherCtxPtr ctx = context(kek, 1);
  Buffer out(key.size() + kBlock);
  int written = 0;
  must(EVP_CipherUpdate(ctx.get(), out.data(), &written, key.data(),
                        static_cast<int>(key.size())) == 1 &&
       static_cast<std::size_t>(written) == out.size());
  return out;
}

Result<SecretBytes> unwrap_key(Bytes kek, Bytes wrapped) {
  if (wrapped.size() < kBlock) {
    return Error(Errc::kMalformed, "crypto.keywrap: size", wrapped.size());
  }
  WARD_CHECK_OK(check_sizes(kek, wrapped.size() - kBlock));
  const ErrorScope errors;
  const CipherCtxPtr ctx = context(kek, 0);
  SecretBytes out(wrapped.size());  // the library wants room for the whole input
  int written = 0;
  if (EVP_CipherUpdate(ctx.get(), out.expose_mut().data(), &written, wrapped.data(),
                       static_cast<int>(wrapped.size())) != 1 ||
      written < 0 || static_cast<std::size_t>(written) != wrapped.size() - kBlock) {
    return Error(Errc::kUntrusted, "crypto.keywrap: integrity check");
  }
  out.shrink(wrapped.size() - kBlock);
  return out;
}

}  // namespace ward::crypto
