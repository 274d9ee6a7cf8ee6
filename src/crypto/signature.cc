#include "crypto/signature.h"

#include <algorithm>
#include <array>

#include <openssl/rsa.h>

#include "crypto/internal/der.h"
#include "crypto/internal/public_key.h"
#include "crypto/p384.h"

namespace ward::crypto {

Scheme scheme_of(SignatureAlgorithm algorithm) {
  using Kind = Scheme::Kind;
  switch (algorithm) {
    case SignatureAlgorithm::kEcdsaP256Sha256:
      return {Kind::kEcdsa, KeyType::kP256, Hash::kSha256};
    case SignatureAlgorithm::kEcdsaP384Sha384:
      return {Kind::kEcdsa, KeyType::kP384, Hash::kSha384};
    case SignatureAlgorithm::kEcdsaP521Sha512:
      return {Kind::kEcdsa, KeyType::kP521, Hash::kSha512};
    case SignatureAlgorithm::kEd25519:
      return {Kind::kEd25519, KeyType::kEd25519, Hash::kSha512};
    case SignatureAlgorithm::kRsaPkcs1Sha256:
      return {Kind::kPkcs1, KeyType::kRsa, Hash::kSha256};
    case SignatureAlgorithm::kRsaPkcs1Sha384:
      return {Kind::kPkcs1, KeyType::kRsa, Hash::kSha384};
    case SignatureAlgorithm::kRsaPkcs1Sha512:
      return {Kind::kPkcs1, KeyType::kRsa, Hash::kSha512};
    case SignatureAlgorithm::kRsaPssSha256:
      return {Kind::kPss, KeyType::kRsa, Hash::kSha256};
    case SignatureAlgorithm::kRsaPssSha384:
      return {Kind::kPss, KeyType::kRsa, Hash::kSha384};
    case SignatureAlgorithm::kRsaPssSha512:
      return {Kind::kPss, KeyType::kRsa, Hash::kSha512};
  }
  std::abort();
}

bool prepare(EVP_PKEY_CTX* ctx, const Scheme& scheme) {
  const EVP_MD* const md = md_of(scheme.hash);
  switch (scheme.kind) {
    case Scheme::Kind::kEcdsa:
      return true;
    case Scheme::Kind::kPkcs1:
      return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(ctx, md) == 1;
    case Scheme::Kind::kPss:
      return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_signature_md(ctx, md) == 1 &&
             EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
    case Scheme::Kind::kEd25519:
      return false;  // takes the message, not its digest
  }
  std::abort();
}

Buffer der_from_rs(const Curve& curve, Bytes r_s) {
  if (r_s.size() != 2 * curve.field_bytes) return {};
  Buffer both;
  der::put_unsigned(both, r_s.first(curve.field_bytes));
  der::put_unsigned(both, r_s.subspan(curve.field_bytes));
  Buffer out;
  der::put(out, der::kSequence, both);
  return out;
}

Buffer rs_from_der(const Curve& curve, Bytes der) {
  Bytes both;
  Bytes r;
  Bytes s;
  if (!der::take(der, der::kSequence, both) || !der.empty() || !der::take_positive(both, r) ||
      !der::take_positive(both, s) || !both.empty() || r.size() > curve.field_bytes ||
      s.size() > curve.field_bytes) {
    return {};
  }
  Buffer out(2 * curve.field_bytes);
  const auto middle = static_cast<std::ptrdiff_t>(curve.field_bytes);
  std::copy_backward(r.begin(), r.end(), out.begin() + middle);
  std::copy_backward(s.begin(), s.end(), out.end());
  return out;
}

namespace {

bool verify_ed25519(const PublicKey::Impl& key, Bytes message, Bytes signature) {
  const MdCtxPtr ctx(must_get(EVP_MD_CTX_new()));
  must(EVP_DigestVerifyInit_ex(ctx.get(), nullptr, nullptr, nullptr, nullptr, key.pkey.get(),
                               nullptr) == 1);
  return EVP_DigestVerify(ctx.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

}  // namespace

bool verify_hash(const PublicKey::Impl& key, const Scheme& scheme, Bytes hash, Bytes signature) {
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_dup(key.verify.get())));
  return prepare(ctx.get(), scheme) &&
         EVP_PKEY_verify(ctx.get(), signature.data(), signature.size(), hash.data(), hash.size()) ==
             1;
}

bool PublicKey::verify(SignatureAlgorithm algorithm, Bytes message, Bytes signature) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != impl_->type) return false;
  const ErrorScope errors;
  if (scheme.kind == Scheme::Kind::kEd25519) return verify_ed25519(*impl_, message, signature);
  const Buffer hash = digest(scheme.hash, message);
  if (scheme.kind != Scheme::Kind::kEcdsa) return verify_hash(*impl_, scheme, hash, signature);
  // r and s of 0, or not below the group's order, are refused by the library.
  const Buffer r_s = rs_from_der(*curve_of(scheme.key), signature);
  if (r_s.empty()) return false;
  if (scheme.key == KeyType::kP384) return p384::verify(*this, hash, r_s);
  return verify_hash(*impl_, scheme, hash, signature);
}

bool PublicKey::verify_rs(SignatureAlgorithm algorithm, Bytes message, Bytes r_s) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.kind != Scheme::Kind::kEcdsa) return false;
  const Buffer der = der_from_rs(*curve_of(scheme.key), r_s);
  return !der.empty() && verify(algorithm, message, der);
}

}  // namespace ward::crypto
