// P-384 verification: the engine that this program links (ward_crypto_engines) against OpenSSL.

#include "crypto/p384.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/internal/openssl.h"
#include "crypto/internal/public_key.h"
#include "crypto/rng.h"
#include "crypto/sign.h"
#include "test/support/setting.h"
#include "test/support/vectors.h"

namespace ward::crypto {
namespace {

using codec::JsonValue;

constexpr std::size_t kFieldBytes = 48;

// The engine is absent where its source could not be fetched.
bool has_engine() { return !p384::name().starts_with("OpenSSL"); }

#define WARD_NEED_ENGINE()                                                                   \
  if (!has_engine()) {                                                                       \
    if (test::required("engines")) FAIL() << "WARD_REQUIRE=engines, but there is no AWS-LC"; \
    GTEST_SKIP() << "built without AWS-LC: see build/log/engines.log";                       \
  }                                                                                          \
  static_assert(true)

using GroupPtr = std::unique_ptr<EC_GROUP, Deleter<EC_GROUP_free>>;
using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;
using PointPtr = std::unique_ptr<EC_POINT, Deleter<EC_POINT_free>>;

struct Counts {
  std::size_t cases = 0;
  std::size_t right = 0;
};

// Curve arithmetic by OpenSSL, to make cases with.
class Maker {
 public:
  explicit Maker(std::string_view seed) : rng_(as_bytes(seed)) {
    must(EC_GROUP_get_curve(group_.get(), p_.get(), nullptr, nullptr, ctx_.get()) == 1);
  }

  BnPtr zero() { return BnPtr(must_get(BN_new())); }

  BnPtr number(unsigned value) {
    BnPtr out = zero();
    must(BN_set_word(out.get(), value) == 1);
    return out;
  }

  BnPtr modulo_order(const BIGNUM* value) {
    BnPtr out = zero();
    must(BN_nnmod(out.get(), value, n(), ctx_.get()) == 1);
    return out;
  }

  Buffer random_octets() { return to_buffer(random_array<kFieldBytes>(rng_)); }

  BnPtr random_number() {
    const Buffer octets = random_octets();
    return BnPtr(must_get(BN_bin2bn(octets.data(), kFieldBytes, nullptr)));
  }

  unsigned below(unsigned limit) {
    const auto octets = random_array<4>(rng_);
    return (unsigned{octets[0]} << 16U | unsigned{octets[1]} << 8U | octets[2]) % limit;
  }

  // a + b, with a sign.
  BnPtr sum(const BIGNUM* a, const BIGNUM* b) {
    BnPtr out = zero();
    must(BN_add(out.get(), a, b) == 1);
    return out;
  }

  BnPtr difference(const BIGNUM* a, const BIGNUM* b) {
    BnPtr out = zero();
    must(BN_sub(out.get(), a, b) == 1);
    return out;
  }

  BnPtr product(const BIGNUM* a, const BIGNUM* b) {
    BnPtr out = zero();
    must(BN_mod_mul(out.get(), a, b, n(), ctx_.get()) == 1);
    return out;
  }

  BnPtr inverse(const BIGNUM* a) {
    return BnPtr(must_get(BN_mod_inverse(nullptr, a, n(), ctx_.get())));
  }

  // a * base + b * point; `point` may be null.
  PointPtr combination(const BIGNUM* a, const EC_POINT* point, const BIGNUM* b) {
    PointPtr out(must_get(EC_POINT_new(group_.get())));
    must(EC_POINT_mul(group_.get(), out.get(), a, point, b, ctx_.get()) == 1);
    return out;
  }

  // x || y, empty for infinity.
  Buffer xy(const EC_POINT* point) {
    if (EC_POINT_is_at_infinity(group_.get(), point) == 1) return {};
    Buffer out(1 + 2 * kFieldBytes);
    must(EC_POINT_point2oct(group_.get(), point, POINT_CONVERSION_UNCOMPRESSED, out.data(),
                            out.size(), ctx_.get()) == out.size());
    out.erase(out.begin());
    return out;
  }

  // A point with this x, null where the curve has none.
  PointPtr at_x(const BIGNUM* x) {
    const ErrorScope errors;
    PointPtr out(must_get(EC_POINT_new(group_.get())));
    if (EC_POINT_set_compressed_coordinates(group_.get(), out.get(), x, 0, ctx_.get()) != 1) {
      return nullptr;
    }
    return out;
  }

  const BIGNUM* n() const { return EC_GROUP_get0_order(group_.get()); }

  const BIGNUM* p() const { return p_.get(); }

 private:
  GroupPtr group_{must_get(EC_GROUP_new_by_curve_name(NID_secp384r1))};
  BnCtxPtr ctx_{must_get(BN_CTX_new())};
  BnPtr p_{must_get(BN_new())};
  SeededRng rng_;
};

// Numbers of 384 bits at most.
Buffer octets_of(const BIGNUM* value) {
  Buffer out(kFieldBytes);
  must(BN_bn2binpad(value, out.data(), static_cast<int>(out.size())) == kFieldBytes);
  return out;
}

// The one comparison: both say the same. Returns what.
bool expect_equal(const PublicKey& key, Bytes hash, Bytes r_s, Counts& counts) {
  const bool right = p384::verify_with_openssl(key, hash, r_s);
  ++counts.cases;
  counts.right += right ? 1U : 0U;
  EXPECT_EQ(p384::verify(key, hash, r_s), right)
      << "key " << to_hex(key.to_ec_xy()) << " hash " << to_hex(hash) << " r||s " << to_hex(r_s);
  return right;
}

std::string text_of(const JsonValue& value, std::string_view name) {
  const JsonValue* const member = value.find(name);
  return std::string(member == nullptr ? "" : member->as_string().value_or(""));
}

// Every signature of a set that has the form r || s, judged by both. `hash` need not be the
// curve's.
void run_wycheproof(const std::string& name, Hash hash, bool der) {
  const Buffer document = test::read_file(test::vectors_dir() / "wycheproof" / name);
  const auto root = codec::parse_json(document);
  ASSERT_TRUE(root) << name << ": " << to_text(root.error());
  Counts counts;
  for (const JsonValue& group : root->find("testGroups")->items()) {
    const Buffer point = *from_hex(text_of(*group.find("publicKey"), "uncompressed"));
    const auto key = PublicKey::from_ec_xy(KeyType::kP384, Bytes(point).subspan(1));
    ASSERT_TRUE(key) << name;
    for (const JsonValue& test : group.find("tests")->items()) {
      const Buffer signature = *from_hex(text_of(test, "sig"));
      const RawSignature read = rs_from_der(*curve_of(KeyType::kP384), signature);
      const Bytes r_s = der ? read.view() : Bytes(signature);
      if (r_s.size() != 2 * kFieldBytes) {
        EXPECT_NE(text_of(test, "result"), "valid") << name << " " << text_of(test, "comment");
        continue;
      }
      const Buffer hashed = digest(hash, *from_hex(text_of(test, "msg")));
      EXPECT_EQ(expect_equal(*key, hashed, r_s, counts), text_of(test, "result") == "valid")
          << name << " " << text_of(test, "comment");
    }
  }
  EXPECT_GT(counts.right, 20U) << name;
  EXPECT_LT(counts.right, counts.cases) << name;
}

TEST(P384, Wycheproof) {
  WARD_NEED_VECTORS();
  WARD_NEED_ENGINE();
  run_wycheproof("ecdsa_secp384r1_sha384_test.json", Hash::kSha384, true);
  run_wycheproof("ecdsa_secp384r1_sha384_p1363_test.json", Hash::kSha384, false);
  run_wycheproof("ecdsa_secp384r1_sha256_test.json", Hash::kSha256, true);
}

struct Signed {
  PublicKey key;
  Buffer hash;
  BnPtr r;
  BnPtr s;
};

Buffer joined(const BIGNUM* r, const BIGNUM* s) { return concat({octets_of(r), octets_of(s)}); }

// Values at which an implementation's ranges, carries and tables could go wrong.
BnPtr edge_number(Maker& make) {
  const BnPtr small = make.number(make.below(70));
  BnPtr bit = make.zero();
  must(BN_set_bit(bit.get(), static_cast<int>(make.below(384))) == 1);
  const BnPtr top = make.zero();
  must(BN_set_bit(top.get(), 384) == 1);
  const BnPtr half = make.zero();
  must(BN_rshift1(half.get(), make.n()) == 1);
  const BnPtr gap = make.difference(make.p(), make.n());
  switch (make.below(8)) {
    case 0:
      return make.sum(small.get(), make.number(0).get());
    case 1:
      return make.difference(make.n(), small.get());
    case 2:
      return make.sum(make.n(), small.get());
    case 3:
      return make.sum(gap.get(), small.get());
    case 4:
      return make.difference(make.p(), small.get());
    case 5:
      return make.difference(top.get(), make.sum(small.get(), make.number(1).get()).get());
    case 6:
      return make.sum(half.get(), small.get());
    default:
      return bit;
  }
}

// Never 0 modulo the order.
BnPtr scalar(Maker& make, bool edge) {
  BnPtr out = make.modulo_order(edge ? edge_number(make).get() : make.random_number().get());
  if (BN_is_zero(out.get())) return make.number(1);
  return out;
}

// A right signature, or nothing where the numbers meet a 0 or infinity.
std::optional<Signed> sign_with(Maker& make, const BIGNUM* d, const BIGNUM* k, Bytes hash) {
  const Bytes cut = hash.first(std::min(hash.size(), kFieldBytes));
  const BnPtr e(must_get(BN_bin2bn(cut.data(), static_cast<int>(cut.size()), nullptr)));
  const Buffer point = make.xy(make.combination(k, nullptr, nullptr).get());
  const BnPtr x(must_get(BN_bin2bn(point.data(), kFieldBytes, nullptr)));
  BnPtr r = make.modulo_order(x.get());
  const BnPtr sum = make.sum(e.get(), make.product(r.get(), d).get());
  BnPtr s = make.product(make.inverse(k).get(), sum.get());
  if (BN_is_zero(r.get()) || BN_is_zero(s.get())) return std::nullopt;
  const Buffer xy = make.xy(make.combination(d, nullptr, nullptr).get());
  return Signed{*PublicKey::from_ec_xy(KeyType::kP384, xy), to_buffer(hash), std::move(r),
                std::move(s)};
}

// A signature for which a verifier computes u1 * base + u2 * key, with the key d * base: right, but
// where that sum is infinity.
std::optional<Signed> with_scalars(Maker& make, const BIGNUM* d, const BIGNUM* u1,
                                   const BIGNUM* u2) {
  const BnPtr k = make.modulo_order(make.sum(u1, make.product(u2, d).get()).get());
  BnPtr r = make.number(7);
  if (!BN_is_zero(k.get())) {
    const Buffer point = make.xy(make.combination(k.get(), nullptr, nullptr).get());
    r = make.modulo_order(BnPtr(BN_bin2bn(point.data(), kFieldBytes, nullptr)).get());
  }
  BnPtr s = make.product(r.get(), make.inverse(u2).get());
  const BnPtr e = make.product(u1, s.get());
  const Buffer xy = make.xy(make.combination(d, nullptr, nullptr).get());
  return Signed{*PublicKey::from_ec_xy(KeyType::kP384, xy), octets_of(e.get()), std::move(r),
                std::move(s)};
}

// A right signature whose point has an x from the order on, so that r is x - n: the key is made for
// it, as u2^-1 * (R - u1 * base).
std::optional<Signed> above_order(Maker& make) {
  const BnPtr r = make.number(1 + (make.below(1U << 20U)));
  const PointPtr point = make.at_x(make.sum(make.n(), r.get()).get());
  if (!point) return std::nullopt;
  const BnPtr u1 = scalar(make, false);
  const BnPtr inverse = make.inverse(scalar(make, false).get());
  const BnPtr minus = make.product(make.difference(make.n(), u1.get()).get(), inverse.get());
  const Buffer xy = make.xy(make.combination(minus.get(), point.get(), inverse.get()).get());
  BnPtr s = make.product(r.get(), inverse.get());
  const BnPtr e = make.product(u1.get(), s.get());
  return Signed{*PublicKey::from_ec_xy(KeyType::kP384, xy), octets_of(e.get()),
                make.modulo_order(r.get()), std::move(s)};
}

Buffer odd_hash(Maker& make) {
  constexpr std::array<std::size_t, 8> kSizes = {0, 1, 20, 28, 32, 47, 48, 64};
  switch (make.below(4)) {
    case 0:
      return Buffer(kFieldBytes, 0);
    case 1:
      return Buffer(kFieldBytes, 0xff);
    case 2:
      return octets_of(edge_number(make).get());
    default: {
      Buffer out = concat({make.random_octets(), make.random_octets()});
      out.resize(kSizes[make.below(kSizes.size())]);
      return out;
    }
  }
}

std::optional<Signed> make_case(Maker& make, std::size_t kind) {
  switch (kind) {
    case 0:
      return sign_with(make, scalar(make, false).get(), scalar(make, false).get(),
                       make.random_octets());
    case 1:
      return sign_with(make, scalar(make, true).get(), scalar(make, true).get(),
                       make.random_octets());
    case 2:
      return sign_with(make, scalar(make, false).get(), scalar(make, true).get(), odd_hash(make));
    case 3:
      return with_scalars(make, scalar(make, true).get(), scalar(make, true).get(),
                          scalar(make, true).get());
    case 4:
      return with_scalars(make, make.number(1 + make.below(3)).get(), scalar(make, false).get(),
                          scalar(make, false).get());
    default:
      return above_order(make);
  }
}

void flip(Buffer& octets, Maker& make) {
  if (octets.empty()) return;
  const unsigned bit = make.below(static_cast<unsigned>(8 * octets.size()));
  octets[bit / 8] = static_cast<std::uint8_t>(octets[bit / 8] ^ (1U << bit % 8));
}

// The signature and what is close to it.
void judge(Maker& make, const Signed& one, Counts& counts) {
  const Buffer r_s = joined(one.r.get(), one.s.get());
  expect_equal(one.key, one.hash, r_s, counts);
  expect_equal(one.key, one.hash, joined(one.r.get(), make.difference(make.n(), one.s.get()).get()),
               counts);
  expect_equal(one.key, concat({one.hash, Buffer(5, 0xa5)}), r_s, counts);
  expect_equal(one.key, one.hash, joined(edge_number(make).get(), one.s.get()), counts);
  expect_equal(one.key, one.hash, joined(one.r.get(), edge_number(make).get()), counts);
  expect_equal(one.key, one.hash, joined(edge_number(make).get(), edge_number(make).get()), counts);
  expect_equal(one.key, one.hash, joined(one.s.get(), one.r.get()), counts);
  const BnPtr beyond = make.sum(one.r.get(), make.n());
  if (BN_num_bits(beyond.get()) <= 384) {
    expect_equal(one.key, one.hash, joined(beyond.get(), one.s.get()), counts);
  }
  Buffer flipped = r_s;
  flip(flipped, make);
  expect_equal(one.key, one.hash, flipped, counts);
  flipped = one.hash;
  flip(flipped, make);
  expect_equal(one.key, flipped, r_s, counts);
}

// ./run soak asks for more cases than a test has time for, with a seed of the day.
constexpr std::size_t kParts = 4;  // run beside each other

std::size_t cases_of_a_part() {
#ifdef NDEBUG
  const std::string otherwise = "20000";
#else
  const std::string otherwise = "2000";  // sanitizers run on the builds without optimisation
#endif
  return std::stoul(test::setting("WARD_P384_CASES", otherwise)) / kParts;
}

class P384Part : public testing::TestWithParam<std::size_t> {};

TEST_P(P384Part, AgreesWithOpenSsl) {
  WARD_NEED_ENGINE();
  Maker make(test::setting("WARD_P384_SEED", "p384") + " " + std::to_string(GetParam()));
  Counts counts;
  std::array<std::size_t, 6> made{};
  const std::size_t wanted = cases_of_a_part();
  for (std::size_t i = 0; counts.cases < wanted && !HasFailure(); ++i) {
    const auto one = make_case(make, i % made.size());
    if (!one) continue;
    ++made[i % made.size()];
    judge(make, *one, counts);
  }
  for (const std::size_t count : made)
    EXPECT_GE(count, wanted / 200);
  EXPECT_GT(counts.right, wanted / 5);  // each made signature has right neighbours
  std::printf("%zu cases, %zu right\n", counts.cases, counts.right);
}

INSTANTIATE_TEST_SUITE_P(All, P384Part, testing::Range(std::size_t{0}, kParts));

// Sums of equal and of opposite points: the base point as key, and its opposite.
TEST(P384, EqualAndOppositePoints) {
  WARD_NEED_ENGINE();
  Maker make("equal");
  Counts counts;
  const BnPtr one = make.number(1);
  const BnPtr minus_one = make.difference(make.n(), one.get());
  for (const BIGNUM* d : {std::as_const(one).get(), std::as_const(minus_one).get()}) {
    const auto equal = with_scalars(make, d, one.get(), one.get());
    const bool right =
        expect_equal(equal->key, equal->hash, joined(equal->r.get(), equal->s.get()), counts);
    EXPECT_EQ(right, d == one.get());  // the other sum is infinity
  }
}

}  // namespace
}  // namespace ward::crypto
