#include "crypto/signature.h"

#include <algorithm>
#include <array>

#include <openssl/rsa.h>

#include "crypto/internal/der.h"
#include "crypto/internal/ec_key.h"
#include "crypto/internal/rsa_key.h"
#include "crypto/p384.h"

namespace ward::crypto {

Scheme scheme_of(SignatureAlgorithm algorithm) {
  using Kind = Scheme::Kind;
  switch (algorithm) {
    case SignatureAlgorithm::kEcdsaP256Sha256:
      return {Kind::kEcdsa, KeyType::kP256, Hash::kSha256};
    case SignatureAlgorithm::kEcdsaP384Sha384:
      return {Kind::kEcdsa, KeyType::kP384, Hash::kSha384};
    case SignatureAlgorithm::kEcdsaP384Sha256:
      return {Kind::kEcdsa, KeyType::kP384, Hash::kSha256};
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

RawSignature rs_from_der(const Curve& curve, Bytes der) {
  Bytes both;
  Bytes r;
  Bytes s;
  if (!der::take(der, der::kSequence, both) || !der.empty() || !der::take_positive(both, r) ||
      !der::take_positive(both, s) || !both.empty() || r.size() > curve.field_bytes ||
      s.size() > curve.field_bytes) {
    return {};
  }
  RawSignature out;
  out.size = 2 * curve.field_bytes;
  const auto middle = out.octets.begin() + static_cast<std::ptrdiff_t>(curve.field_bytes);
  std::copy_backward(r.begin(), r.end(), middle);
  std::copy_backward(s.begin(), s.end(), middle + static_cast<std::ptrdiff_t>(curve.field_bytes));
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

// `r_s` has twice the field's octets. Nothing of ward's own is allocated here.
bool verify_ecdsa(const PublicKey& key, Bytes hash, Bytes r_s) {
  const std::size_t half = r_s.size() / 2;
  if (all_zero(r_s.first(half)) || all_zero(r_s.subspan(half))) return false;
  if (key.type() == KeyType::kP384) return p384::verify(key, hash, r_s);
  return ec_verify(key.impl(), hash, r_s);
}

// Digest is a digest without an allocation.
class Digest {
 public:
  Digest(Hash hash, Bytes data) : size_(digest_size(hash)) {
    hash_into(hash, data, std::span(octets_).first(size_));
  }

  [[nodiscard]] Bytes view() const { return Bytes(octets_).first(size_); }

 private:
  std::array<std::uint8_t, 64> octets_{};
  std::size_t size_;
};

}  // namespace

bool PublicKey::verify(SignatureAlgorithm algorithm, Bytes message, Bytes signature) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != impl_->type) return false;
  const ErrorScope errors;
  if (scheme.kind == Scheme::Kind::kEd25519) return verify_ed25519(*impl_, message, signature);
  if (scheme.kind != Scheme::Kind::kEcdsa) {
    return rsa_verify(*impl_, scheme, Digest(scheme.hash, message).view(), signature);
  }
  const RawSignature r_s = rs_from_der(*curve_of(scheme.key), signature);
  return r_s.size != 0 && verify_ecdsa(*this, Digest(scheme.hash, message).view(), r_s.view());
}

bool PublicKey::verify_rs(SignatureAlgorithm algorithm, Bytes message, Bytes r_s) const {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.kind != Scheme::Kind::kEcdsa || scheme.key != impl_->type) return false;
  if (r_s.size() != 2 * curve_of(scheme.key)->field_bytes) return false;
  return verify_ecdsa(*this, Digest(scheme.hash, message).view(), r_s);
}

const char* algorithm_name(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kEcdsaP256Sha256:
      return "ES256";
    case SignatureAlgorithm::kEcdsaP384Sha384:
      return "ES384";
    case SignatureAlgorithm::kEcdsaP384Sha256:
      return "ECDSA-P384-SHA256";
    case SignatureAlgorithm::kEcdsaP521Sha512:
      return "ES512";
    case SignatureAlgorithm::kEd25519:
      return "EdDSA";
    case SignatureAlgorithm::kRsaPkcs1Sha256:
      return "RS256";
    case SignatureAlgorithm::kRsaPkcs1Sha384:
      return "RS384";
    case SignatureAlgorithm::kRsaPkcs1Sha512:
      return "RS512";
    case SignatureAlgorithm::kRsaPssSha256:
      return "PS256";
    case SignatureAlgorithm::kRsaPssSha384:
      return "PS384";
    case SignatureAlgorithm::kRsaPssSha512:
      return "PS512";
  }
  return "";
}

}  // namespace ward::crypto
