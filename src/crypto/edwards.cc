#include "crypto/edwards.h"

#include <algorithm>

#include "crypto/internal/openssl.h"
#include "crypto/sha3.h"

namespace ward::crypto {
namespace {

using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using PointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;

constexpr std::size_t kHalf = 32;
constexpr std::uint8_t kSignBit = 0x80;

BnPtr hex_number(const char* digits) {
  BIGNUM* out = nullptr;
  must(BN_hex2bn(&out, digits) != 0);
  return BnPtr(out);
}

BnPtr number(BN_ULONG value) {
  BnPtr out(must_get(BN_new()));
  must(BN_set_word(out.get(), value) == 1);
  return out;
}

BnPtr little_endian(Bytes octets) {
  return BnPtr(must_get(BN_lebin2bn(octets.data(), static_cast<int>(octets.size()), nullptr)));
}

Buffer little_endian(const BIGNUM* value) {
  Buffer out(kHalf);
  must(BN_bn2lebinpad(value, out.data(), static_cast<int>(out.size())) ==
       static_cast<int>(out.size()));
  return out;
}

// Field is arithmetic modulo a prime. One thread at a time.
class Field {
 public:
  explicit Field(const BIGNUM* prime) : prime_(prime), ctx_(must_get(BN_CTX_new())) {}

  BnPtr add(const BnPtr& a, const BnPtr& b) const {
    return made([&](BIGNUM* r) { return BN_mod_add(r, a.get(), b.get(), prime_, ctx_.get()); });
  }

  BnPtr sub(const BnPtr& a, const BnPtr& b) const {
    return made([&](BIGNUM* r) { return BN_mod_sub(r, a.get(), b.get(), prime_, ctx_.get()); });
  }

  BnPtr mul(const BnPtr& a, const BnPtr& b) const {
    return made([&](BIGNUM* r) { return BN_mod_mul(r, a.get(), b.get(), prime_, ctx_.get()); });
  }

  // b is not 0.
  BnPtr div(const BnPtr& a, const BnPtr& b) const {
    const BnPtr inverse(must_get(BN_mod_inverse(nullptr, b.get(), prime_, ctx_.get())));
    return mul(a, inverse);
  }

  // Null where there is no root.
  BnPtr sqrt(const BnPtr& a) const {
    const ErrorScope errors;
    return BnPtr(BN_mod_sqrt(nullptr, a.get(), prime_, ctx_.get()));
  }

  BnPtr reduce(const BnPtr& a) const {
    return made([&](BIGNUM* r) { return BN_nnmod(r, a.get(), prime_, ctx_.get()); });
  }

  [[nodiscard]] BN_CTX* ctx() const { return ctx_.get(); }

 private:
  template <class Make>
  static BnPtr made(Make make) {
    BnPtr out(must_get(BN_new()));
    must(make(out.get()) == 1);
    return out;
  }

  const BIGNUM* prime_;
  BnCtxPtr ctx_;
};

// Curve is edwards25519 (RFC 7748 section 4.1), which OpenSSL computes on as the curve in short
// Weierstrass form that it is birationally the same as: of a point (x, y),
// u = (1 + y) / (1 - y), v = root * u / x; X = u + A / 3, Y = v.
struct Curve {
  BnPtr prime = hex_number("7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffed");
  BnPtr order = hex_number("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
  BnPtr one = number(1);
  BnPtr d;      // of the Edwards curve: -121665 / 121666
  BnPtr third;  // A / 3, A = 486662
  BnPtr root;   // of -(A + 2)
  EC_GROUP* group = nullptr;

  Curve();
};

// The point, or null where the octets are none (RFC 8032 5.1.3).
PointPtr decode(const Curve& c, const Field& f, Bytes octets);

Curve::Curve() {
  const Field f(prime.get());
  const BnPtr zero = number(0);
  const BnPtr a = number(486662);
  const BnPtr a_squared = f.mul(a, a);
  d = f.div(f.sub(zero, number(121665)), number(121666));
  third = f.div(a, number(3));
  root = f.sqrt(f.sub(zero, number(486664)));
  must(root != nullptr);
  const BnPtr wa = f.div(f.sub(number(3), a_squared), number(3));
  const BnPtr wb =
      f.div(f.sub(f.mul(number(2), f.mul(a, a_squared)), f.mul(number(9), a)), number(27));
  group = must_get(EC_GROUP_new_curve_GFp(prime.get(), wa.get(), wb.get(), f.ctx()));
  Buffer base(kHalf, 0x66);  // y = 4 / 5, x even
  base[0] = 0x58;
  const PointPtr generator = decode(*this, f, base);
  must(generator != nullptr);
  const BnPtr cofactor = number(8);
  must(EC_GROUP_set_generator(group, generator.get(), order.get(), cofactor.get()) == 1);
}

// Made once; freed by the process's end.
const Curve& curve() {
  static const Curve* const out = new Curve;
  return *out;
}

// The number y of an encoded point; null where it is not below the prime.
BnPtr y_of(const Curve& c, Bytes octets) {
  Buffer y = to_buffer(octets);
  y.back() = static_cast<std::uint8_t>(y.back() & ~kSignBit);
  BnPtr out = little_endian(y);
  return BN_cmp(out.get(), c.prime.get()) < 0 ? std::move(out) : nullptr;
}

// x of a point's y and sign; null where there is none.
BnPtr x_of(const Curve& c, const Field& f, const BnPtr& y, bool odd) {
  const BnPtr y_squared = f.mul(y, y);
  const BnPtr divisor = f.add(f.mul(c.d, y_squared), c.one);  // never 0: -1 / d has no root
  BnPtr x = f.sqrt(f.div(f.sub(y_squared, c.one), divisor));
  if (x == nullptr || (BN_is_zero(x.get()) == 1 && odd)) return nullptr;
  return (BN_is_odd(x.get()) == 1) == odd ? std::move(x) : f.sub(number(0), x);
}

PointPtr decode(const Curve& c, const Field& f, Bytes octets) {
  const BnPtr y = y_of(c, octets);
  if (y == nullptr) return nullptr;
  const BnPtr x = x_of(c, f, y, (octets.back() & kSignBit) != 0);
  if (x == nullptr) return nullptr;
  PointPtr out(must_get(EC_POINT_new(c.group)));
  if (BN_is_one(y.get()) == 1) {  // the neutral point
    must(EC_POINT_set_to_infinity(c.group, out.get()) == 1);
    return out;
  }
  const BnPtr u = f.div(f.add(c.one, y), f.sub(c.one, y));
  const BnPtr v = BN_is_zero(x.get()) == 1 ? number(0) : f.div(f.mul(c.root, u), x);
  const BnPtr weierstrass_x = f.add(u, c.third);
  must(EC_POINT_set_affine_coordinates(c.group, out.get(), weierstrass_x.get(), v.get(), f.ctx()) ==
       1);
  return out;
}

Buffer encode(const Curve& c, const Field& f, const EC_POINT* point) {
  if (EC_POINT_is_at_infinity(c.group, point) == 1) return little_endian(c.one.get());
  const BnPtr weierstrass_x = number(0);
  const BnPtr v = number(0);
  must(EC_POINT_get_affine_coordinates(c.group, point, weierstrass_x.get(), v.get(), f.ctx()) == 1);
  const BnPtr u = f.sub(weierstrass_x, c.third);
  Buffer out = little_endian(f.div(f.sub(u, c.one), f.add(u, c.one)).get());
  if (BN_is_zero(v.get()) == 1) return out;  // x is 0
  if (BN_is_odd(f.div(f.mul(c.root, u), v).get()) == 1) out.back() |= kSignBit;
  return out;
}

Sha512Digest hash_of(EdwardsHash hash, Bytes octets) {
  return hash == EdwardsHash::kSha3 ? sha3_512(octets) : sha512(octets);
}

// The seed's scalar, clamped (RFC 8032 5.1.5), and the prefix.
SecretBytes expand(EdwardsHash hash, Bytes seed) {
  Sha512Digest digest = hash_of(hash, seed);
  digest[0] &= 248U;
  digest[kHalf - 1] = static_cast<std::uint8_t>((digest[kHalf - 1] & 63U) | 64U);
  return SecretBytes::copy_of(digest);
}

// The octets' number modulo the group's order.
BnPtr scalar(const Curve& c, Bytes octets) {
  return Field(c.order.get()).reduce(little_endian(octets));
}

// 8 times such a point is neutral: its signatures hold for any message, or for one of a few.
bool is_of_small_order(const Curve& c, const Field& f, const EC_POINT* point) {
  const PointPtr multiple(must_get(EC_POINT_dup(point, c.group)));
  for (int i = 0; i < 3; ++i) {
    must(EC_POINT_dbl(c.group, multiple.get(), multiple.get(), f.ctx()) == 1);
  }
  return EC_POINT_is_at_infinity(c.group, multiple.get()) == 1;
}

Buffer times_base(const Curve& c, const BnPtr& factor) {
  const Field f(c.prime.get());
  const PointPtr out(must_get(EC_POINT_new(c.group)));
  must(EC_POINT_mul(c.group, out.get(), factor.get(), nullptr, nullptr, f.ctx()) == 1);
  return encode(c, f, out.get());
}

// The public key of X25519 for a scalar: the number u of the point, in OpenSSL's fast code.
Buffer u_of_scalar(Bytes clamped) {
  const PkeyPtr key(must_get(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, clamped.data(), clamped.size())));
  Buffer out(kHalf);
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(key.get(), out.data(), &size) == 1 && size == out.size());
  return out;
}

}  // namespace

bool verify_edwards(EdwardsHash hash, Bytes public_key, Bytes message, Bytes signature) {
  if (public_key.size() != kEdwardsKeyBytes || signature.size() != kEdwardsSignatureBytes) {
    return false;
  }
  const Curve& c = curve();
  const BnPtr s = little_endian(signature.last(kHalf));
  if (BN_cmp(s.get(), c.order.get()) >= 0) return false;
  const Field f(c.prime.get());
  const PointPtr key = decode(c, f, public_key);
  if (key == nullptr || is_of_small_order(c, f, key.get())) return false;
  const Bytes r = signature.first(kHalf);
  const BnPtr k = scalar(c, hash_of(hash, concat({r, public_key, message})));
  must(EC_POINT_invert(c.group, key.get(), f.ctx()) == 1);
  const PointPtr sum(must_get(EC_POINT_new(c.group)));
  must(EC_POINT_mul(c.group, sum.get(), s.get(), key.get(), k.get(), f.ctx()) == 1);
  return equal(encode(c, f, sum.get()), r);
}

std::optional<std::size_t> find_seed(EdwardsHash hash, Bytes public_key,
                                     std::span<const EdwardsSeed> seeds) {
  if (public_key.size() != kEdwardsKeyBytes) return std::nullopt;
  const Curve& c = curve();
  const Field f(c.prime.get());
  const BnPtr y = y_of(c, public_key);
  if (y == nullptr || BN_is_one(y.get()) == 1) return std::nullopt;
  const Buffer u = little_endian(f.div(f.add(c.one, y), f.sub(c.one, y)).get());
  const auto found = std::ranges::find_if(seeds, [&](const EdwardsSeed& seed) {
    return equal(u_of_scalar(expand(hash, seed).expose().first(kHalf)), u);
  });
  if (found == seeds.end()) return std::nullopt;
  return static_cast<std::size_t>(found - seeds.begin());
}

EdwardsKey::EdwardsKey(EdwardsHash hash, SecretBytes expanded)
    : hash_(hash),
      expanded_(std::move(expanded)),
      public_key_(times_base(curve(), scalar(curve(), expanded_.expose().first(kHalf)))) {}

Result<EdwardsKey> EdwardsKey::from_seed(EdwardsHash hash, Bytes seed) {
  if (seed.size() != kEdwardsSeedBytes) {
    return Error(Errc::kMalformed, "crypto.edwards: seed size", seed.size());
  }
  return EdwardsKey(hash, expand(hash, seed));
}

Buffer EdwardsKey::sign(Bytes message) const {
  const Curve& c = curve();
  const Bytes prefix = expanded_.expose().last(kHalf);
  const BnPtr r = scalar(c, hash_of(hash_, concat({prefix, message})));
  Buffer out = times_base(c, r);
  const BnPtr k = scalar(c, hash_of(hash_, concat({out, public_key_, message})));
  const Field f(c.order.get());
  const Buffer s =
      little_endian(f.add(r, f.mul(k, scalar(c, expanded_.expose().first(kHalf)))).get());
  out.insert(out.end(), s.begin(), s.end());
  return out;
}

}  // namespace ward::crypto
