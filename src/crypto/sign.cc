#include "crypto/sign.h"

#include "crypto/internal/private_key.h"
#include "crypto/internal/public_key.h"

namespace ward::crypto {

namespace {

Buffer sign_ed25519(EVP_PKEY* key, Bytes message) {
  const MdCtxPtr ctx(must_get(EVP_MD_CTX_new()));
  must(EVP_DigestSignInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, key, nullptr) == 1);
  Buffer out(64);
  std::size_t size = out.size();
  must(EVP_DigestSign(ctx.get(), out.data(), &size, message.data(), message.size()) == 1 &&
       size == out.size());
  return out;
}

}  // namespace

Result<Buffer> PrivateKey::sign(SignatureAlgorithm algorithm, Bytes message) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != type()) {
    return Error(Errc::kUnsupported, "crypto.sign: algorithm of another key");
  }
  if (scheme.kind == Scheme::Kind::kEd25519) return sign_ed25519(impl_->pkey.get(), message);
  const ErrorScope errors;
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_dup(impl_->sign.get())));
  must(prepare(ctx.get(), scheme));
  const Buffer hash = digest(scheme.hash, message);
  Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(impl_->pkey.get())));
  std::size_t size = out.size();
  if (EVP_PKEY_sign(ctx.get(), out.data(), &size, hash.data(), hash.size()) != 1) {
    return Error(Errc::kInternal, "crypto.sign: the library refused");
  }
  out.resize(size);
  return out;
}

Result<Buffer> PrivateKey::sign_rs(SignatureAlgorithm algorithm, Bytes message) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.kind != Scheme::Kind::kEcdsa) {
    return Error(Errc::kUnsupported, "crypto.sign: not ECDSA");
  }
  WARD_TRY(const Buffer der, sign(algorithm, message));
  return to_buffer(rs_from_der(*curve_of(scheme.key), der).view());
}

}  // namespace ward::crypto
