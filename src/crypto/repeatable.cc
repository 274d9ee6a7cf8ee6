#include "crypto/repeatable.h"

#include <algorithm>
#include <utility>

#include <openssl/rsa.h>

#include "crypto/internal/der.h"
#include "crypto/internal/private_key.h"
#include "crypto/internal/public_key.h"
#include "crypto/kdf.h"
#include "crypto/mac.h"

namespace ward::crypto {

namespace {

using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using GroupPtr = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using PointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;

BnPtr new_number() { return BnPtr(must_get(BN_new())); }

BnPtr number_from(Bytes magnitude) {
  return BnPtr(must_get(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr)));
}

SecretBytes joined(std::initializer_list<Bytes> parts) {
  std::size_t size = 0;
  for (const Bytes part : parts)
    size += part.size();
  SecretBytes out(size);
  auto at = out.expose_mut().begin();
  for (const Bytes part : parts)
    at = std::ranges::copy(part, at).out;
  return out;
}

// The candidates for an ECDSA nonce (RFC 6979 section 3.2). The hash is never longer than the
// group's order here (SignatureAlgorithm pairs them), so that bits2int is the number itself.
class Nonces {
 public:
  // `x` is the private scalar and `h` the message's hash modulo the order, each of the field's
  // octet length, which is the order's.
  Nonces(Hash hash, const BIGNUM* order, Bytes x, Bytes h)
      : hash_(hash), order_(order), k_(digest_size(hash)), v_(digest_size(hash)) {
    std::ranges::fill(v_.expose_mut(), std::uint8_t{1});
    step(0, x, h);
    step(1, x, h);
  }

  // next gives the next number of 1 to order - 1.
  BnPtr next() {
    while (true) {
      if (!std::exchange(first_, false)) step(0, {}, {});
      BnPtr k = draw();
      if (BN_is_zero(k.get()) == 0 && BN_cmp(k.get(), order_) < 0) return k;
    }
  }

 private:
  void step(std::uint8_t mark, Bytes x, Bytes h) {
    k_ = hmac_key(hash_, k_.expose(), joined({v_.expose(), Bytes(&mark, 1), x, h}).expose());
    v_ = hmac_key(hash_, k_.expose(), v_.expose());
  }

  BnPtr draw() {
    const int want = BN_num_bits(order_);
    SecretBytes t;
    while (static_cast<int>(t.size() * 8) < want) {
      v_ = hmac_key(hash_, k_.expose(), v_.expose());
      t = joined({t.expose(), v_.expose()});
    }
    BnPtr out = number_from(t.expose());
    must(BN_rshift(out.get(), out.get(), static_cast<int>(t.size() * 8) - want) == 1);
    return out;
  }

  Hash hash_;
  const BIGNUM* order_;
  SecretBytes k_;
  SecretBytes v_;
  bool first_ = true;
};

SecretBytes padded(const BIGNUM* value, std::size_t size) {
  SecretBytes out(size);
  must(BN_bn2binpad(value, out.expose_mut().data(), static_cast<int>(size)) ==
       static_cast<int>(size));
  return out;
}

// One try of FIPS 186-5 section 6.4.1 with the nonce `k`; false where it must be done again.
bool ecdsa_once(const EC_GROUP* group, const BIGNUM* d, const BIGNUM* z, BIGNUM* k,
                std::pair<BIGNUM*, BIGNUM*> r_s, BN_CTX* ctx) {
  const BIGNUM* const n = EC_GROUP_get0_order(group);
  const auto [r, s] = r_s;
  const PointPtr point(must_get(EC_POINT_new(group)));
  BN_set_flags(k, BN_FLG_CONSTTIME);
  must(EC_POINT_mul(group, point.get(), k, nullptr, nullptr, ctx) == 1 &&
       EC_POINT_get_affine_coordinates(group, point.get(), r, nullptr, ctx) == 1 &&
       BN_nnmod(r, r, n, ctx) == 1);
  const BnPtr inverse(must_get(BN_mod_inverse(nullptr, k, n, ctx)));
  must(BN_mod_mul(s, r, d, n, ctx) == 1 && BN_mod_add(s, s, z, n, ctx) == 1 &&
       BN_mod_mul(s, s, inverse.get(), n, ctx) == 1);
  return BN_is_zero(r) == 0 && BN_is_zero(s) == 0;
}

Buffer ecdsa(const EVP_PKEY* key, const Scheme& scheme, Bytes message) {
  const Curve& curve = *curve_of(scheme.key);
  const std::size_t field = curve.field_bytes;
  const GroupPtr group(must_get(EC_GROUP_new_by_curve_name(curve.nid)));
  const BIGNUM* const order = EC_GROUP_get0_order(group.get());
  const BnCtxPtr ctx(must_get(BN_CTX_new()));
  BIGNUM* scalar = nullptr;
  must(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) == 1);
  const BnPtr d(scalar);
  const BnPtr z = number_from(digest(scheme.hash, message));
  must(BN_nnmod(z.get(), z.get(), order, ctx.get()) == 1);
  Nonces nonces(scheme.hash, order, padded(d.get(), field).expose(),
                padded(z.get(), field).expose());
  const BnPtr r = new_number();
  const BnPtr s = new_number();
  while (!ecdsa_once(group.get(), d.get(), z.get(), nonces.next().get(), {r.get(), s.get()},
                     ctx.get())) {
  }
  Buffer out(2 * field);
  const int size = static_cast<int>(field);
  must(BN_bn2binpad(r.get(), out.data(), size) == size &&
       BN_bn2binpad(s.get(), out.data() + field, size) == size);
  return out;
}

// Adds the mask of RFC 8017 appendix B.2.1 to `out`.
void mask_by_mgf1(Hash hash, Bytes seed, std::span<std::uint8_t> out) {
  std::uint8_t counter = 0;  // an RSA key needs fewer than 256 blocks
  for (std::size_t at = 0; at < out.size(); ++counter) {
    const std::uint8_t number[4] = {0, 0, 0, counter};
    for (const std::uint8_t octet : digest(hash, concat({seed, number}))) {
      if (at == out.size()) break;
      out[at++] ^= octet;
    }
  }
}

// EMSA-PSS (RFC 8017 section 9.1.1) with a salt of the hash's size, in as many octets as the
// modulus of `bits` bits has.
Result<Buffer> pss_encoded(Hash hash, std::size_t bits, Bytes message_hash, Bytes salt) {
  const std::size_t size = (bits + 7) / 8;
  const std::size_t encoded = (bits - 1 + 7) / 8;
  if (encoded < message_hash.size() + salt.size() + 2) {
    return Error(Errc::kUnsupported, "crypto.repeatable: RSA key too short for PSS", bits);
  }
  const std::uint8_t zeros[8] = {};
  const Buffer h = digest(hash, concat({zeros, message_hash, salt}));
  Buffer out(size);
  const auto em = std::span(out).last(encoded);
  const auto db = em.first(encoded - h.size() - 1);
  db[db.size() - salt.size() - 1] = 1;
  std::ranges::copy(salt, db.last(salt.size()).begin());
  mask_by_mgf1(hash, h, db);
  db[0] &= static_cast<std::uint8_t>(0xffU >> (8 * encoded - (bits - 1)));
  std::ranges::copy(h, em.subspan(db.size()).begin());
  em.back() = 0xbc;
  return out;
}

Result<Buffer> pss(const PrivateKey& key, const Scheme& scheme, Bytes message) {
  EVP_PKEY* const pkey = key.impl().pkey.get();
  const Buffer message_hash = digest(scheme.hash, message);
  WARD_TRY(const SecretBytes salt,
           hkdf(scheme.hash, key.to_pkcs8().expose(), as_bytes("ward repeatable pss salt 1"),
                message_hash, digest_size(scheme.hash)));
  WARD_TRY(const Buffer encoded,
           pss_encoded(scheme.hash, static_cast<std::size_t>(EVP_PKEY_get_bits(pkey)), message_hash,
                       salt.expose()));
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, pkey, nullptr)));
  Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(pkey)));
  std::size_t size = out.size();
  must(EVP_PKEY_sign_init(ctx.get()) == 1 &&
       EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_NO_PADDING) == 1 &&
       EVP_PKEY_sign(ctx.get(), out.data(), &size, encoded.data(), encoded.size()) == 1 &&
       size == out.size());
  return out;
}

}  // namespace

Result<Buffer> sign_repeatably(const PrivateKey& key, SignatureAlgorithm algorithm, Bytes message) {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != key.type()) {
    return Error(Errc::kUnsupported, "crypto.repeatable: algorithm of another key");
  }
  if (scheme.kind == Scheme::Kind::kPss) return pss(key, scheme, message);
  // Ed25519 and PKCS #1 v1.5 draw nothing.
  if (scheme.kind != Scheme::Kind::kEcdsa) return key.sign(algorithm, message);
  const Buffer r_s = ecdsa(key.impl().pkey.get(), scheme, message);
  Buffer numbers;
  der::put_unsigned(numbers, Bytes(r_s).first(r_s.size() / 2));
  der::put_unsigned(numbers, Bytes(r_s).subspan(r_s.size() / 2));
  Buffer out;
  der::put(out, der::kSequence, numbers);
  return out;
}

Result<Buffer> sign_repeatably_rs(const PrivateKey& key, SignatureAlgorithm algorithm,
                                  Bytes message) {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != key.type() || scheme.kind != Scheme::Kind::kEcdsa) {
    return Error(Errc::kUnsupported, "crypto.repeatable: not ECDSA, or of another key");
  }
  return ecdsa(key.impl().pkey.get(), scheme, message);
}

}  // namespace ward::crypto
