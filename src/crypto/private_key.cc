#include "crypto/internal/private_key.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/handle.h"
#include "crypto/internal/public_key.h"
#include "crypto/sign.h"

namespace ward::crypto {

namespace {

using PointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;
using Pkcs8Ptr = std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>>;

constexpr std::size_t kEd25519SeedBytes = 32;
constexpr std::size_t kMaxPkcs8Bytes = 16384;
constexpr int kMaxDraws = 128;  // each is refused with a probability below one half

// group_of makes each curve's group once: its making is half the work of a new key. They are never
// freed, because keys may be made until the process ends.
const EC_GROUP* group_of(const Curve& curve) {
  static const EC_GROUP* const p256 = must_get(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  if (curve.nid == NID_X9_62_prime256v1) return p256;
  static const EC_GROUP* const p384 = must_get(EC_GROUP_new_by_curve_name(NID_secp384r1));
  if (curve.nid == NID_secp384r1) return p384;
  static const EC_GROUP* const p521 = must_get(EC_GROUP_new_by_curve_name(NID_secp521r1));
  must(curve.nid == NID_secp521r1);
  return p521;
}

bool in_range(const Curve& curve, Bytes scalar) {
  const EC_GROUP* const group = group_of(curve);
  const BnPtr d(must_get(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr)));
  return BN_is_zero(d.get()) == 0 && BN_cmp(d.get(), EC_GROUP_get0_order(group)) < 0;
}

// The point d * G as x || y.
Buffer public_xy(const Curve& curve, Bytes scalar) {
  const EC_GROUP* const group = group_of(curve);
  const PointPtr point(must_get(EC_POINT_new(group)));
  const BnPtr d(must_get(BN_bin2bn(scalar.data(), static_cast<int>(scalar.size()), nullptr)));
  BN_set_flags(d.get(), BN_FLG_CONSTTIME);
  must(EC_POINT_mul(group, point.get(), d.get(), nullptr, nullptr, nullptr) == 1);
  Buffer out(1 + 2 * curve.field_bytes);
  must(EC_POINT_point2oct(group, point.get(), POINT_CONVERSION_UNCOMPRESSED, out.data(), out.size(),
                          nullptr) == out.size());
  out.erase(out.begin());
  return out;
}

PkeyPtr ec_pair(const Curve& curve, Bytes scalar, Bytes xy) {
  Buffer point = {0x04};
  point.insert(point.end(), xy.begin(), xy.end());
  std::string group = curve.group;
  SecretBytes native = SecretBytes::copy_of(scalar);  // little-endian, as OSSL_PARAM has numbers
  std::ranges::reverse(native.expose_mut());
  std::array<OSSL_PARAM, 4> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()),
      OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native.expose_mut().data(), native.size()),
      OSSL_PARAM_construct_end()};
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)));
  EVP_PKEY* key = nullptr;
  must(EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
       EVP_PKEY_fromdata(ctx.get(), &key, EVP_PKEY_KEYPAIR, params.data()) == 1);
  return PkeyPtr(key);
}

PrivateKey finish(PkeyPtr pkey, PublicKey public_key) {
  PkeyCtxPtr sign;
  if (public_key.type() != KeyType::kEd25519) {
    sign.reset(must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey.get(), nullptr)));
    must(EVP_PKEY_sign_init(sign.get()) == 1);
  }
  return PrivateKey(std::make_unique<const PrivateKey::Impl>(
      PrivateKey::Impl{std::move(pkey), std::move(sign), std::move(public_key)}));
}

BnPtr number_of(const EVP_PKEY* key, const char* name) {
  BIGNUM* value = nullptr;
  return EVP_PKEY_get_bn_param(key, name, &value) == 1 ? BnPtr(value) : nullptr;
}

Buffer octets(const BIGNUM* value) {
  Buffer out(static_cast<std::size_t>(BN_num_bytes(value)));
  BN_bn2bin(value, out.data());
  return out;
}

Result<PrivateKey> rsa_pair(PkeyPtr pkey) {
  const BnPtr n = number_of(pkey.get(), OSSL_PKEY_PARAM_RSA_N);
  const BnPtr e = number_of(pkey.get(), OSSL_PKEY_PARAM_RSA_E);
  if (!n || !e) return Error(Errc::kMalformed, "crypto.private_key: RSA");
  WARD_TRY(PublicKey public_key, PublicKey::from_rsa(octets(n.get()), octets(e.get())));
  PrivateKey key = finish(std::move(pkey), std::move(public_key));
  // One signature shows that the halves belong together.
  const Bytes message = as_bytes("pair");
  const auto signature = key.sign(SignatureAlgorithm::kRsaPkcs1Sha256, message);
  if (!signature ||
      !key.public_key().verify(SignatureAlgorithm::kRsaPkcs1Sha256, message, *signature)) {
    return Error(Errc::kMalformed, "crypto.private_key: RSA halves differ");
  }
  return key;
}

Result<PrivateKey> ec_from_pkey(const EVP_PKEY* pkey) {
  std::array<char, 64> name{};
  std::size_t size = 0;
  if (EVP_PKEY_get_group_name(pkey, name.data(), name.size(), &size) != 1) {
    return Error(Errc::kUnsupported, "crypto.private_key: curve is not named");
  }
  const int nid = OBJ_sn2nid(name.data());
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521}) {
    const Curve& curve = *curve_of(type);
    if (curve.nid != nid) continue;
    const BnPtr d = number_of(pkey, OSSL_PKEY_PARAM_PRIV_KEY);
    SecretBytes scalar(curve.field_bytes);
    const int field = static_cast<int>(curve.field_bytes);
    if (!d || BN_bn2binpad(d.get(), scalar.expose_mut().data(), field) != field) {
      return Error(Errc::kMalformed, "crypto.private_key: scalar");
    }
    WARD_TRY(PrivateKey key, PrivateKey::from_ec_scalar(type, scalar.expose()));
    const BnPtr x = number_of(pkey, OSSL_PKEY_PARAM_EC_PUB_X);
    const BnPtr y = number_of(pkey, OSSL_PKEY_PARAM_EC_PUB_Y);
    Buffer xy(2 * curve.field_bytes);
    if (!x || !y || BN_bn2binpad(x.get(), xy.data(), field) != field ||
        BN_bn2binpad(y.get(), xy.data() + curve.field_bytes, field) != field ||
        xy != key.public_key().to_ec_xy()) {
      return Error(Errc::kMalformed, "crypto.private_key: EC halves differ");
    }
    return key;
  }
  return Error(Errc::kUnsupported, "crypto.private_key: curve");
}

Result<PrivateKey> ed25519_from_pkey(const EVP_PKEY* pkey) {
  SecretBytes seed(kEd25519SeedBytes);
  std::size_t size = seed.size();
  if (EVP_PKEY_get_raw_private_key(pkey, seed.expose_mut().data(), &size) != 1 ||
      size != seed.size()) {
    return Error(Errc::kMalformed, "crypto.private_key: Ed25519");
  }
  return PrivateKey::from_ed25519_seed(seed.expose());
}

}  // namespace

Result<void> check_rsa_form(std::size_t bits, std::uint64_t exponent) {
  if (bits != 2048 && bits != 3072 && bits != 4096) {
    return Error(Errc::kUnsupported, "crypto.private_key: RSA bits", bits);
  }
  if (exponent != 65537 && exponent != 3) {
    return Error(Errc::kUnsupported, "crypto.private_key: RSA exponent", exponent);
  }
  return {};
}

evp_pkey_st* native_handle(const PrivateKey& key) { return key.impl().pkey.get(); }

PrivateKey::PrivateKey(std::unique_ptr<const Impl> impl) : impl_(std::move(impl)) {}

PrivateKey::PrivateKey(PrivateKey&&) noexcept = default;
PrivateKey& PrivateKey::operator=(PrivateKey&&) noexcept = default;
PrivateKey::~PrivateKey() = default;

Result<PrivateKey> PrivateKey::generate(KeyType type, Rng& rng) {
  if (type == KeyType::kRsa) {
    return Error(Errc::kUnsupported, "crypto.private_key: RSA keys come from generate_rsa");
  }
  if (type == KeyType::kEd25519) {
    return from_ed25519_seed(random_secret<kEd25519SeedBytes>(rng).expose());
  }
  const Curve& curve = *curve_of(type);
  for (int i = 0; i < kMaxDraws; ++i) {
    SecretBytes scalar = random_secret(rng, curve.field_bytes);
    if (type == KeyType::kP521) scalar.expose_mut()[0] &= 1U;
    if (in_range(curve, scalar.expose())) return from_ec_scalar(type, scalar.expose());
  }
  return Error(Errc::kInternal, "crypto.private_key: the generator gives no usable octets");
}

Result<PrivateKey> PrivateKey::generate_rsa(std::size_t bits, std::uint64_t exponent) {
  WARD_CHECK_OK(check_rsa_form(bits, exponent));
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)));
  const BnPtr e(must_get(BN_new()));
  EVP_PKEY* key = nullptr;
  must(BN_set_word(e.get(), exponent) == 1 && EVP_PKEY_keygen_init(ctx.get()) == 1 &&
       EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), static_cast<int>(bits)) == 1 &&
       EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx.get(), e.get()) == 1 &&
       EVP_PKEY_generate(ctx.get(), &key) == 1);
  return rsa_pair(PkeyPtr(key));
}

Result<PrivateKey> PrivateKey::from_pkcs8(Bytes der) {
  if (der.size() > kMaxPkcs8Bytes) {
    return Error(Errc::kLimit, "crypto.private_key: size", der.size());
  }
  const ErrorScope errors;
  const std::uint8_t* at = der.data();
  const Pkcs8Ptr info(d2i_PKCS8_PRIV_KEY_INFO(
      nullptr, &at, static_cast<long>(der.size())));  // NOLINT(google-runtime-int)
  if (!info || at != der.data() + der.size()) {
    return Error(Errc::kMalformed, "crypto.private_key: PrivateKeyInfo");
  }
  const ASN1_OBJECT* algorithm = nullptr;
  must(PKCS8_pkey_get0(&algorithm, nullptr, nullptr, nullptr, info.get()) == 1);
  const int nid = OBJ_obj2nid(algorithm);
  if (nid != NID_rsaEncryption && nid != NID_X9_62_id_ecPublicKey && nid != NID_ED25519) {
    return Error(Errc::kUnsupported, "crypto.private_key: algorithm");
  }
  PkeyPtr pkey(EVP_PKCS82PKEY(info.get()));
  if (!pkey) return Error(Errc::kMalformed, "crypto.private_key: key");
  if (nid == NID_rsaEncryption) return rsa_pair(std::move(pkey));
  return nid == NID_ED25519 ? ed25519_from_pkey(pkey.get()) : ec_from_pkey(pkey.get());
}

Result<PrivateKey> PrivateKey::from_ec_scalar(KeyType type, Bytes scalar) {
  const Curve* const curve = curve_of(type);
  if (curve == nullptr) return Error(Errc::kUnsupported, "crypto.private_key: not an EC key type");
  if (scalar.size() != curve->field_bytes || !in_range(*curve, scalar)) {
    return Error(Errc::kMalformed, "crypto.private_key: scalar");
  }
  const Buffer xy = public_xy(*curve, scalar);
  WARD_TRY(PublicKey public_key, PublicKey::from_ec_xy(type, xy));
  return finish(ec_pair(*curve, scalar, xy), std::move(public_key));
}

Result<PrivateKey> PrivateKey::from_ed25519_seed(Bytes seed) {
  if (seed.size() != kEd25519SeedBytes) {
    return Error(Errc::kMalformed, "crypto.private_key: Ed25519 size", seed.size());
  }
  PkeyPtr pkey(must_get(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "ED25519", nullptr, seed.data(), seed.size())));
  Buffer raw(kEd25519SeedBytes);
  std::size_t size = raw.size();
  must(EVP_PKEY_get_raw_public_key(pkey.get(), raw.data(), &size) == 1 && size == raw.size());
  WARD_TRY(PublicKey public_key, PublicKey::from_ed25519(raw));
  return finish(std::move(pkey), std::move(public_key));
}

KeyType PrivateKey::type() const { return impl_->public_key.type(); }

const PublicKey& PrivateKey::public_key() const { return impl_->public_key; }

SecretBytes PrivateKey::to_pkcs8() const {
  const Pkcs8Ptr info(must_get(EVP_PKEY2PKCS8(impl_->pkey.get())));
  const int size = i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  must(size > 0);
  SecretBytes out(static_cast<std::size_t>(size));
  std::uint8_t* at = out.expose_mut().data();
  must(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == size);
  return out;
}

}  // namespace ward::crypto
