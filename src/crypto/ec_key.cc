// The low-level functions are wanted here: internal/ec_key.h says why.
// NOLINTNEXTLINE(cppcoreguidelines-macro-usage): OpenSSL's name
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/internal/ec_key.h"

#include <openssl/ec.h>

namespace ward::crypto {

namespace {

using EcdsaSigPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

const EC_GROUP* make_group(int nid) { return must_get(EC_GROUP_new_by_curve_name(nid)); }

// Made once and copied for each key: setting a curve up costs more than the rest of a key. Freed by
// the process's end.
const EC_GROUP* group_of(const Curve& curve) {
  static const EC_GROUP* const p256 = make_group(NID_X9_62_prime256v1);
  static const EC_GROUP* const p384 = make_group(NID_secp384r1);
  static const EC_GROUP* const p521 = make_group(NID_secp521r1);
  if (curve.type == KeyType::kP256) return p256;
  return curve.type == KeyType::kP384 ? p384 : p521;
}

BIGNUM* number_of(Bytes magnitude) {
  return must_get(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr));
}

}  // namespace

void EcKeyFree::operator()(EC_KEY* key) const { EC_KEY_free(key); }

EcKeyPtr ec_key_from_point(const Curve& curve, Bytes point) {
  EcKeyPtr key(must_get(EC_KEY_new()));
  must(EC_KEY_set_group(key.get(), group_of(curve)) == 1);
  // The library refuses coordinates above the field's prime and points that are not on the curve.
  const ErrorScope errors;
  if (EC_KEY_oct2key(key.get(), point.data(), point.size(), nullptr) != 1) return nullptr;
  return key;
}

bool ec_verify(const PublicKey::Impl& key, Bytes hash, Bytes r_s) {
  const std::size_t half = curve_of(key.type)->field_bytes;
  if (r_s.size() != 2 * half) return false;
  const EcdsaSigPtr signature(must_get(ECDSA_SIG_new()));
  must(ECDSA_SIG_set0(signature.get(), number_of(r_s.first(half)), number_of(r_s.subspan(half))) ==
       1);
  // r and s of 0, or not below the group's order, are refused by the library.
  const ErrorScope errors;
  return ECDSA_do_verify(hash.data(), static_cast<int>(hash.size()), signature.get(),
                         key.ec.get()) == 1;
}

}  // namespace ward::crypto
