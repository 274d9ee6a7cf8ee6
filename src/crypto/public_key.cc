#include "crypto/internal/public_key.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include <openssl/objects.h>

#include "crypto/handle.h"
#include "crypto/internal/der.h"
#include "crypto/internal/ec_key.h"
#include "crypto/internal/rsa_key.h"
#include "crypto/signature.h"

namespace ward::crypto {

namespace {

// RFC 3279 section 2.3.1, RFC 5480 section 2.1.1, RFC 8410 section 3: contents octets.
constexpr std::array<std::uint8_t, 9> kOidRsa = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                 0x0d, 0x01, 0x01, 0x01};
constexpr std::array<std::uint8_t, 7> kOidEc = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::array<std::uint8_t, 3> kOidEd25519 = {0x2b, 0x65, 0x70};
constexpr std::array<std::uint8_t, 8> kOidP256 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::array<std::uint8_t, 5> kOidP384 = {0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::array<std::uint8_t, 5> kOidP521 = {0x2b, 0x81, 0x04, 0x00, 0x23};

constexpr std::array<Curve, 3> kCurves = {{
    {KeyType::kP256, NID_X9_62_prime256v1, "P-256", 32, kOidP256},
    {KeyType::kP384, NID_secp384r1, "P-384", 48, kOidP384},
    {KeyType::kP521, NID_secp521r1, "P-521", 66, kOidP521},
}};

constexpr std::uint8_t kUncompressed = 0x04;  // SEC 1 section 2.3.3
constexpr std::size_t kEd25519Bytes = 32;
constexpr std::size_t kMinRsaBits = 2048;
constexpr std::size_t kMaxRsaBits = 8192;
constexpr std::size_t kMaxRsaExponentBytes = 8;

Buffer spki_of(Bytes oid, Bytes parameters, Bytes key) {
  Buffer algorithm;
  der::put(algorithm, der::kOid, oid);
  algorithm.insert(algorithm.end(), parameters.begin(), parameters.end());
  Buffer bits = {0};  // no unused bits
  bits.insert(bits.end(), key.begin(), key.end());
  Buffer both;
  der::put(both, der::kSequence, algorithm);
  der::put(both, der::kBitString, bits);
  Buffer out;
  der::put(out, der::kSequence, both);
  return out;
}

Buffer point_of(Bytes xy) {
  Buffer point;
  point.reserve(1 + xy.size());
  point.push_back(kUncompressed);
  point.insert(point.end(), xy.begin(), xy.end());
  return point;
}

EVP_PKEY* make_parameters(const char* group) {
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr)));
  std::string name = group;
  std::array<OSSL_PARAM, 2> params = {
      OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), 0),
      OSSL_PARAM_construct_end()};
  EVP_PKEY* out = nullptr;
  must(EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
       EVP_PKEY_fromdata(ctx.get(), &out, EVP_PKEY_KEY_PARAMETERS, params.data()) == 1);
  return out;
}

// A key without a point, made once per curve and copied for each key, as in ec_key.cc. Freed by the
// process's end.
EVP_PKEY* parameters_of(const Curve& curve) {
  static EVP_PKEY* const p256 = make_parameters("P-256");
  static EVP_PKEY* const p384 = make_parameters("P-384");
  static EVP_PKEY* const p521 = make_parameters("P-521");
  if (curve.type == KeyType::kP256) return p256;
  return curve.type == KeyType::kP384 ? p384 : p521;
}

Result<PublicKey> spki_ec(Bytes parameters, Bytes key) {
  Bytes oid;
  if (!der::take(parameters, der::kOid, oid) || !parameters.empty()) {
    return Error(Errc::kUnsupported, "crypto.key: curve is not named");
  }
  const auto* const curve = std::find_if(kCurves.begin(), kCurves.end(),
                                         [&](const Curve& c) { return equal(c.oid, oid); });
  if (curve == kCurves.end()) return Error(Errc::kUnsupported, "crypto.key: curve");
  if (key.size() == 1 + curve->field_bytes && (key[0] == 0x02 || key[0] == 0x03)) {
    return Error(Errc::kUnsupported, "crypto.key: compressed point");
  }
  if (key.size() != 1 + 2 * curve->field_bytes || key[0] != kUncompressed) {
    return Error(Errc::kMalformed, "crypto.key: point");
  }
  return PublicKey::from_ec_xy(curve->type, key.subspan(1));
}

Result<PublicKey> spki_rsa(Bytes parameters, Bytes key) {
  Bytes null;
  if (!der::take(parameters, der::kNull, null) || !null.empty() || !parameters.empty()) {
    return Error(Errc::kMalformed, "crypto.key: rsaEncryption without NULL");
  }
  Bytes fields;
  Bytes modulus;
  Bytes exponent;
  if (!der::take(key, der::kSequence, fields) || !key.empty() ||
      !der::take_positive(fields, modulus) || !der::take_positive(fields, exponent) ||
      !fields.empty()) {
    return Error(Errc::kMalformed, "crypto.key: RSAPublicKey");
  }
  return PublicKey::from_rsa(modulus, exponent);
}

std::size_t bit_length(Bytes magnitude) {
  if (magnitude.empty()) return 0;
  std::size_t bits = 8 * (magnitude.size() - 1);
  for (unsigned top = magnitude[0]; top != 0; top >>= 1U) {
    ++bits;
  }
  return bits;
}

}  // namespace

const Curve* curve_of(KeyType type) {
  const auto* const curve =
      std::find_if(kCurves.begin(), kCurves.end(), [&](const Curve& c) { return c.type == type; });
  return curve == kCurves.end() ? nullptr : curve;
}

EVP_PKEY* PublicKey::Impl::handle() const {
  if (!ec && !rsa) return pkey.get();
  std::call_once(once_, [this] {
    if (rsa) {
      handle_ = rsa_handle(*this);
      return;
    }
    handle_.reset(must_get(EVP_PKEY_dup(parameters_of(*curve_of(type)))));
    const Buffer point = point_of(xy);
    must(EVP_PKEY_set1_encoded_public_key(handle_.get(), point.data(), point.size()) == 1);
  });
  return handle_.get();
}

evp_pkey_st* native_handle(const PublicKey& key) { return key.impl().handle(); }

PublicKey::PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

Result<PublicKey> PublicKey::from_spki(Bytes der) {
  Bytes both;
  Bytes algorithm;
  Bytes bits;
  Bytes oid;
  if (!der::take(der, der::kSequence, both) || !der.empty() ||
      !der::take(both, der::kSequence, algorithm) || !der::take(both, der::kBitString, bits) ||
      !both.empty() || !der::take(algorithm, der::kOid, oid)) {
    return Error(Errc::kMalformed, "crypto.key: SubjectPublicKeyInfo");
  }
  if (bits.empty() || bits[0] != 0) return Error(Errc::kMalformed, "crypto.key: unused bits");
  const Bytes key = bits.subspan(1);
  if (equal(oid, kOidEc)) return spki_ec(algorithm, key);
  if (equal(oid, kOidRsa)) return spki_rsa(algorithm, key);
  if (!equal(oid, kOidEd25519)) return Error(Errc::kUnsupported, "crypto.key: algorithm");
  if (!algorithm.empty()) return Error(Errc::kMalformed, "crypto.key: Ed25519 with parameters");
  return from_ed25519(key);
}

Result<PublicKey> PublicKey::from_p256_xy(Bytes xy) { return from_ec_xy(KeyType::kP256, xy); }

Result<PublicKey> PublicKey::from_ec_xy(KeyType type, Bytes xy) {
  const Curve* const curve = curve_of(type);
  if (curve == nullptr) return Error(Errc::kUnsupported, "crypto.key: not an EC key type");
  if (xy.size() != 2 * curve->field_bytes) return Error(Errc::kMalformed, "crypto.key: point size");
  const auto impl = std::make_shared<Impl>();
  impl->type = type;
  impl->xy = to_buffer(xy);
  impl->ec = ec_key_from_point(*curve, point_of(xy));
  if (!impl->ec) return Error(Errc::kMalformed, "crypto.key: point is not on the curve");
  return PublicKey(impl);
}

Result<PublicKey> PublicKey::from_ed25519(Bytes raw) {
  if (raw.size() != kEd25519Bytes) return Error(Errc::kMalformed, "crypto.key: Ed25519 size");
  const auto impl = std::make_shared<Impl>();
  impl->type = KeyType::kEd25519;
  impl->pkey.reset(must_get(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw.data(), raw.size())));
  impl->octets = to_buffer(raw);
  return PublicKey(impl);
}

Result<PublicKey> PublicKey::from_rsa(Bytes modulus, Bytes exponent) {
  const Bytes n = der::without_leading_zeros(modulus);
  const Bytes e = der::without_leading_zeros(exponent);
  const std::size_t bits = bit_length(n);
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return Error(Errc::kLimit, "crypto.key: RSA modulus bits", bits);
  }
  if (e.size() > kMaxRsaExponentBytes) {
    return Error(Errc::kLimit, "crypto.key: RSA exponent octets", e.size());
  }
  const bool one = e.size() == 1 && e[0] == 1;
  if ((n.back() & 1U) == 0 || e.empty() || (e.back() & 1U) == 0 || one) {
    return Error(Errc::kMalformed, "crypto.key: even modulus, or exponent even or 1");
  }
  const auto impl = std::make_shared<Impl>();
  impl->type = KeyType::kRsa;
  impl->rsa = rsa_key_from(n, e);
  Buffer fields;
  der::put_unsigned(fields, n);
  der::put_unsigned(fields, e);
  der::put(impl->octets, der::kSequence, fields);
  return PublicKey(impl);
}

KeyType PublicKey::type() const { return impl_->type; }

Buffer PublicKey::to_spki() const {
  Buffer parameters;
  switch (impl_->type) {
    case KeyType::kEd25519:
      return spki_of(kOidEd25519, {}, impl_->octets);
    case KeyType::kRsa:
      der::put(parameters, der::kNull, {});
      return spki_of(kOidRsa, parameters, impl_->octets);
    case KeyType::kP256:
    case KeyType::kP384:
    case KeyType::kP521:
      break;
  }
  der::put(parameters, der::kOid, curve_of(impl_->type)->oid);
  return spki_of(kOidEc, parameters, point_of(impl_->xy));
}

Buffer PublicKey::to_ec_xy() const { return impl_->xy; }

}  // namespace ward::crypto
