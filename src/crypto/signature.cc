#include "crypto/signature.h"

#include <array>
#include <cstdlib>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/digest.h"
#include "crypto/internal/openssl.h"

namespace ward::crypto {
namespace {

using internal::Owned;

constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;
constexpr std::size_t kMaxSpki = 2048;

// A named curve: its DER SubjectPublicKeyInfo is this prefix, then 04, then x || y (RFC 5480
// section 2).
struct Curve {
  KeyType type;
  const char* name;
  std::size_t field_size;
  std::array<std::uint8_t, 26> prefix;
  std::size_t prefix_size;
};

constexpr Curve kCurves[] = {
    {KeyType::kP256,
     "P-256",
     32,
     {0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
      0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00},
     26},
    {KeyType::kP384,
     "P-384",
     48,
     {0x30, 0x76, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
      0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x03, 0x62, 0x00},
     23},
    {KeyType::kP521,
     "P-521",
     66,
     {0x30, 0x81, 0x9b, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
      0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23, 0x03, 0x81, 0x86, 0x00},
     25},
};

constexpr std::array<std::uint8_t, 12> kEd25519Prefix = {0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                         0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::uint8_t kUncompressed = 4;

const Curve* curve_of(KeyType type) {
  for (const Curve& curve : kCurves) {
    if (curve.type == type) return &curve;
  }
  return nullptr;
}

// What an algorithm needs of a key.
struct Method {
  KeyType key;
  const EVP_MD* hash;  // null: the algorithm hashes itself
  bool pss;
};

Method method_of(SignatureAlgorithm algorithm) {
  using enum SignatureAlgorithm;
  switch (algorithm) {
    case kEcdsaP256Sha256:
      return {KeyType::kP256, EVP_sha256(), false};
    case kEcdsaP384Sha384:
      return {KeyType::kP384, EVP_sha384(), false};
    case kEcdsaP521Sha512:
      return {KeyType::kP521, EVP_sha512(), false};
    case kEd25519:
      return {KeyType::kEd25519, nullptr, false};
    case kRsaPkcs1Sha256:
      return {KeyType::kRsa, EVP_sha256(), false};
    case kRsaPkcs1Sha384:
      return {KeyType::kRsa, EVP_sha384(), false};
    case kRsaPkcs1Sha512:
      return {KeyType::kRsa, EVP_sha512(), false};
    case kRsaPssSha256:
      return {KeyType::kRsa, EVP_sha256(), true};
    case kRsaPssSha384:
      return {KeyType::kRsa, EVP_sha384(), true};
    case kRsaPssSha512:
      return {KeyType::kRsa, EVP_sha512(), true};
  }
  std::abort();
}

// True where `der` is the one DER encoding of the ECDSA-Sig-Value that it holds.
bool strict_ecdsa(Bytes der) {
  const std::uint8_t* at = der.data();
  const Owned<ECDSA_SIG> parsed(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (!parsed || at != der.data() + der.size()) return false;
  std::array<std::uint8_t, 160> again{};
  std::uint8_t* out = again.data();
  const int size = i2d_ECDSA_SIG(parsed.get(), nullptr);
  if (size < 0 || static_cast<std::size_t>(size) != der.size() || der.size() > again.size()) {
    return false;
  }
  i2d_ECDSA_SIG(parsed.get(), &out);
  return equal(Bytes(again).first(der.size()), der);
}

}  // namespace

struct PublicKey::Impl {
  KeyType type;
  Owned<EVP_PKEY> key;
  Buffer point;  // x || y of EC keys
};

namespace {

Result<PublicKey> make(KeyType type, Owned<EVP_PKEY> key, Bytes point = {}) {
  return PublicKey(std::make_shared<const PublicKey::Impl>(
      PublicKey::Impl{type, std::move(key), to_buffer(point)}));
}

Result<PublicKey> from_params(KeyType type, const char* algorithm, OSSL_PARAM* params,
                              Bytes point) {
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* raw = nullptr;
  if (!context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    return Error(Errc::kMalformed, "crypto.public_key: not a key of its type");
  }
  return make(type, Owned<EVP_PKEY>(raw), point);
}

Result<PublicKey> rsa_checked(Owned<EVP_PKEY> key) {
  const auto bits = static_cast<std::size_t>(EVP_PKEY_get_bits(key.get()));
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return Error(Errc::kLimit, "crypto.public_key: RSA modulus bits", bits);
  }
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key.get(), OSSL_PKEY_PARAM_RSA_E, &raw) != 1) {
    return Error(Errc::kInternal, "crypto.public_key: RSA exponent");
  }
  const Owned<BIGNUM> exponent(raw);
  if (BN_is_odd(exponent.get()) == 0 || BN_is_one(exponent.get()) != 0 ||
      BN_num_bits(exponent.get()) > 64) {
    return Error(Errc::kMalformed, "crypto.public_key: RSA exponent");
  }
  return make(KeyType::kRsa, std::move(key));
}

Result<PublicKey> rsa_from_spki(Bytes der) {
  const std::uint8_t* at = der.data();
  Owned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return Error(Errc::kMalformed, "crypto.public_key: SubjectPublicKeyInfo");
  if (at != der.data() + der.size()) {
    return Error(Errc::kMalformed, "crypto.public_key: trailing bytes");
  }
  if (EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_RSA) {
    return Error(Errc::kUnsupported, "crypto.public_key: algorithm");
  }
  auto checked = rsa_checked(std::move(key));
  if (checked && !equal(checked->to_spki(), der)) {
    return Error(Errc::kMalformed, "crypto.public_key: not DER");
  }
  return checked;
}

}  // namespace

PublicKey::PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<PublicKey> PublicKey::from_spki(Bytes der) {
  if (der.size() > kMaxSpki) return Error(Errc::kLimit, "crypto.public_key: size", der.size());
  for (const Curve& curve : kCurves) {
    const Bytes prefix = Bytes(curve.prefix).first(curve.prefix_size);
    if (der.size() < prefix.size() || !equal(der.first(prefix.size()), prefix)) continue;
    const Bytes point = der.subspan(prefix.size());
    if (point.size() != 1 + 2 * curve.field_size || point[0] != kUncompressed) {
      return Error(Errc::kMalformed, "crypto.public_key: EC point", point.size());
    }
    return from_ec_xy(curve.type, point.subspan(1));
  }
  if (der.size() >= kEd25519Prefix.size() &&
      equal(der.first(kEd25519Prefix.size()), kEd25519Prefix)) {
    return from_ed25519(der.subspan(kEd25519Prefix.size()));
  }
  return rsa_from_spki(der);
}

Result<PublicKey> PublicKey::from_p256_xy(Bytes xy) { return from_ec_xy(KeyType::kP256, xy); }

Result<PublicKey> PublicKey::from_ec_xy(KeyType type, Bytes xy) {
  const Curve* curve = curve_of(type);
  if (curve == nullptr) return Error(Errc::kUnsupported, "crypto.public_key: curve");
  if (xy.size() != 2 * curve->field_size) {
    return Error(Errc::kMalformed, "crypto.public_key: EC point", xy.size());
  }
  std::string group = curve->name;
  Buffer point{kUncompressed};
  point.insert(point.end(), xy.begin(), xy.end());
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_end()};
  // The provider decodes the point and refuses one that is not on the curve.
  return from_params(type, "EC", params, xy);
}

Result<PublicKey> PublicKey::from_ed25519(Bytes raw) {
  if (raw.size() != 32) return Error(Errc::kMalformed, "crypto.public_key: Ed25519", raw.size());
  Owned<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, raw.data(), raw.size()));
  if (!key) return Error(Errc::kMalformed, "crypto.public_key: Ed25519");
  return make(KeyType::kEd25519, std::move(key));
}

Result<PublicKey> PublicKey::from_rsa(Bytes modulus, Bytes exponent) {
  if (modulus.size() > kMaxRsaBits / 8 + 1 || exponent.size() > 8) {
    return Error(Errc::kLimit, "crypto.public_key: RSA size", modulus.size());
  }
  const Owned<BIGNUM> n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
  const Owned<BIGNUM> e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
  const Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  if (!n || !e || !build ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return Error(Errc::kInternal, "crypto.public_key: RSA");
  }
  const Owned<OSSL_PARAM> params(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr));
  EVP_PKEY* raw = nullptr;
  if (!params || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &raw, EVP_PKEY_PUBLIC_KEY, params.get()) != 1) {
    return Error(Errc::kMalformed, "crypto.public_key: RSA");
  }
  return rsa_checked(Owned<EVP_PKEY>(raw));
}

KeyType PublicKey::type() const { return impl_->type; }

Buffer PublicKey::to_spki() const {
  const int size = i2d_PUBKEY(impl_->key.get(), nullptr);
  if (size <= 0) return {};
  Buffer out(static_cast<std::size_t>(size));
  std::uint8_t* at = out.data();
  i2d_PUBKEY(impl_->key.get(), &at);
  return out;
}

Buffer PublicKey::to_ec_xy() const { return impl_->point; }

bool PublicKey::verify(SignatureAlgorithm algorithm, Bytes message, Bytes signature) const {
  const Method method = method_of(algorithm);
  if (method.key != impl_->type) return false;
  const internal::ErrorQueueGuard guard;
  if (curve_of(impl_->type) != nullptr && !strict_ecdsa(signature)) return false;
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;  // owned by `context`
  if (!context || EVP_DigestVerifyInit(context.get(), &key_context, method.hash, nullptr,
                                       impl_->key.get()) != 1) {
    return false;
  }
  if (method.pss && (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
                     EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), signature.data(), signature.size(), message.data(),
                          message.size()) == 1;
}

bool PublicKey::verify_rs(SignatureAlgorithm algorithm, Bytes message, Bytes r_s) const {
  const Curve* curve = curve_of(impl_->type);
  if (curve == nullptr || r_s.size() != 2 * curve->field_size) return false;
  const int half = static_cast<int>(curve->field_size);
  Owned<BIGNUM> r(BN_bin2bn(r_s.data(), half, nullptr));
  Owned<BIGNUM> s(BN_bin2bn(r_s.subspan(curve->field_size).data(), half, nullptr));
  const Owned<ECDSA_SIG> parsed(ECDSA_SIG_new());
  if (!r || !s || !parsed || ECDSA_SIG_set0(parsed.get(), r.get(), s.get()) != 1) return false;
  static_cast<void>(r.release());  // now the signature's
  static_cast<void>(s.release());
  std::array<std::uint8_t, 160> der{};
  std::uint8_t* at = der.data();
  const int size = i2d_ECDSA_SIG(parsed.get(), nullptr);
  if (size <= 0 || static_cast<std::size_t>(size) > der.size()) return false;
  i2d_ECDSA_SIG(parsed.get(), &at);
  return verify(algorithm, message, Bytes(der).first(static_cast<std::size_t>(size)));
}

}  // namespace ward::crypto
