// The low-level functions are wanted here: internal/rsa_key.h says why.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): OpenSSL's name
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/internal/rsa_key.h"

#include <array>

#include <openssl/objects.h>
#include <openssl/rsa.h>

namespace ward::crypto {

namespace {

constexpr std::size_t kMaxRsaBytes = 1024;  // PublicKey takes no larger modulus

int nid_of(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return NID_sha256;
    case Hash::kSha384:
      return NID_sha384;
    case Hash::kSha512:
      return NID_sha512;
  }
  std::abort();
}

BIGNUM* number_of(Bytes magnitude) {
  return must_get(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
}

// RFC 8017 section 8.1.2: the salt has the hash's size, and MGF1 uses the same hash.
bool verify_pss(RSA* rsa, Hash hash, Bytes digest, Bytes signature) {
  std::array<std::uint8_t, kMaxRsaBytes> encoded{};
  const int size = RSA_public_decrypt(static_cast<int>(signature.size()), signature.data(),
                                      encoded.data(), rsa, RSA_NO_PADDING);
  return size >= 0 && static_cast<std::size_t>(size) == signature.size() &&
         RSA_verify_PKCS1_PSS_mgf1(rsa, digest.data(), md_of(hash), md_of(hash), encoded.data(),
                                   RSA_PSS_SALTLEN_DIGEST) == 1;
}

}  // namespace

void RsaFree::operator()(RSA* key) const { RSA_free(key); }

RsaPtr rsa_key_from(Bytes modulus, Bytes exponent) {
  RsaPtr key(must_get(RSA_new()));
  must(RSA_set0_key(key.get(), number_of(modulus), number_of(exponent), nullptr) == 1);
  return key;
}

bool rsa_verify(const PublicKey::Impl& key, const Scheme& scheme, Bytes hash, Bytes signature) {
  RSA* const rsa = key.rsa.get();
  const int size = RSA_size(rsa);
  if (size < 0 || static_cast<std::size_t>(size) != signature.size() ||
      signature.size() > kMaxRsaBytes) {
    return false;
  }
  if (scheme.kind == Scheme::Kind::kPss) return verify_pss(rsa, scheme.hash, hash, signature);
  return RSA_verify(nid_of(scheme.hash), hash.data(), static_cast<unsigned>(hash.size()),
                    signature.data(), static_cast<unsigned>(signature.size()), rsa) == 1;
}

PkeyPtr rsa_handle(const PublicKey::Impl& key) {
  const ErrorScope errors;
  const ParamBldPtr build(must_get(OSSL_PARAM_BLD_new()));
  must(OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, RSA_get0_n(key.rsa.get())) == 1 &&
       OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, RSA_get0_e(key.rsa.get())) == 1);
  const ParamPtr params(must_get(OSSL_PARAM_BLD_to_param(build.get())));
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)));
  must(EVP_PKEY_fromdata_init(ctx.get()) == 1);
  EVP_PKEY* out = nullptr;
  must(EVP_PKEY_fromdata(ctx.get(), &out, EVP_PKEY_PUBLIC_KEY, params.get()) == 1);
  return PkeyPtr(out);
}

}  // namespace ward::crypto
