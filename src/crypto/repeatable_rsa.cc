#include <vector>

#include "crypto/internal/private_key.h"
#include "crypto/repeatable.h"

namespace ward::crypto {

namespace {

using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;

// About one candidate in 0.35 * bits is a prime; a generator that has given none in thirty times
// as many gives none.
constexpr std::size_t kMaxDrawsPerBit = 10;
// FIPS 186-5 appendix A.1.1: how far the primes must be apart.
constexpr std::size_t kCloseBits = 100;

BnPtr new_number() {
  BnPtr out(must_get(BN_new()));
  BN_set_flags(out.get(), BN_FLG_CONSTTIME);
  return out;
}

BnPtr minus_one(const BIGNUM* value) {
  BnPtr out = new_number();
  must(BN_copy(out.get(), value) != nullptr && BN_sub_word(out.get(), 1) == 1);
  return out;
}

// Null where `rng` gives no prime p for which the exponent, itself a prime, has an inverse modulo
// p - 1.
BnPtr draw_prime(Rng& rng, std::size_t bits, std::uint64_t exponent, BN_CTX* ctx) {
  SecretBytes octets(bits / 8);
  for (std::size_t i = 0; i < kMaxDrawsPerBit * bits; ++i) {
    rng.fill(octets.expose_mut());
    octets.expose_mut().front() |= 0xc0U;  // the product of two has twice the bits
    octets.expose_mut().back() |= 1U;
    BnPtr p(must_get(BN_bin2bn(octets.expose().data(), static_cast<int>(octets.size()), nullptr)));
    BN_set_flags(p.get(), BN_FLG_CONSTTIME);
    if (BN_mod_word(p.get(), exponent) == 1) continue;
    const int prime = BN_check_prime(p.get(), ctx, nullptr);
    must(prime >= 0);
    if (prime == 1) return p;
  }
  return nullptr;
}

bool too_close(const BIGNUM* p, const BIGNUM* q, std::size_t bits) {
  const BnPtr apart = new_number();
  must(BN_sub(apart.get(), p, q) == 1);
  return static_cast<std::size_t>(BN_num_bits(apart.get())) + kCloseBits <= bits;
}

// Numbers as the library takes them, in octets that are wiped.
class Parameters {
 public:
  void add(const char* name, const BIGNUM* value) {
    SecretBytes& octets = octets_.emplace_back(static_cast<std::size_t>(BN_num_bytes(value)));
    const int size = static_cast<int>(octets.size());
    must(BN_bn2nativepad(value, octets.expose_mut().data(), size) == size);
    params_.push_back(OSSL_PARAM_construct_BN(name, octets.expose_mut().data(), octets.size()));
  }

  PkeyPtr key() {
    params_.push_back(OSSL_PARAM_construct_end());
    const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(nullptr, "RSA", nullptr)));
    EVP_PKEY* out = nullptr;
    must(EVP_PKEY_fromdata_init(ctx.get()) == 1 &&
         EVP_PKEY_fromdata(ctx.get(), &out, EVP_PKEY_KEYPAIR, params_.data()) == 1);
    return PkeyPtr(out);
  }

 private:
  std::vector<SecretBytes> octets_;
  std::vector<OSSL_PARAM> params_;
};

// RFC 8017 section 3.2: the key of two primes, the larger first.
PkeyPtr key_of(const BIGNUM* p, const BIGNUM* q, std::uint64_t exponent, BN_CTX* ctx) {
  const BnPtr p1 = minus_one(p);
  const BnPtr q1 = minus_one(q);
  const BnPtr e = new_number();
  const BnPtr n = new_number();
  const BnPtr gcd = new_number();
  const BnPtr lambda = new_number();
  const BnPtr d = new_number();
  const BnPtr dp = new_number();
  const BnPtr dq = new_number();
  const BnPtr inverse = new_number();
  must(BN_set_word(e.get(), exponent) == 1 && BN_mul(n.get(), p, q, ctx) == 1 &&
       BN_gcd(gcd.get(), p1.get(), q1.get(), ctx) == 1 &&
       BN_mul(lambda.get(), p1.get(), q1.get(), ctx) == 1 &&
       BN_div(lambda.get(), nullptr, lambda.get(), gcd.get(), ctx) == 1);
  must(BN_mod_inverse(d.get(), e.get(), lambda.get(), ctx) != nullptr &&
       BN_nnmod(dp.get(), d.get(), p1.get(), ctx) == 1 &&
       BN_nnmod(dq.get(), d.get(), q1.get(), ctx) == 1 &&
       BN_mod_inverse(inverse.get(), q, p, ctx) != nullptr);
  Parameters out;
  out.add(OSSL_PKEY_PARAM_RSA_N, n.get());
  out.add(OSSL_PKEY_PARAM_RSA_E, e.get());
  out.add(OSSL_PKEY_PARAM_RSA_D, d.get());
  out.add(OSSL_PKEY_PARAM_RSA_FACTOR1, p);
  out.add(OSSL_PKEY_PARAM_RSA_FACTOR2, q);
  out.add(OSSL_PKEY_PARAM_RSA_EXPONENT1, dp.get());
  out.add(OSSL_PKEY_PARAM_RSA_EXPONENT2, dq.get());
  out.add(OSSL_PKEY_PARAM_RSA_COEFFICIENT1, inverse.get());
  return out.key();
}

}  // namespace

Result<PrivateKey> generate_rsa_from(Rng& rng, std::size_t bits, std::uint64_t exponent) {
  WARD_CHECK_OK(check_rsa_form(bits, exponent));
  const Error no_prime(Errc::kInternal, "crypto.repeatable: the generator gives no prime");
  const BnCtxPtr ctx(must_get(BN_CTX_new()));
  const std::size_t half = bits / 2;
  BnPtr p = draw_prime(rng, half, exponent, ctx.get());
  if (!p) return no_prime;
  BnPtr q;
  do {
    q = draw_prime(rng, half, exponent, ctx.get());
    if (!q) return no_prime;
  } while (too_close(p.get(), q.get(), half));
  if (BN_cmp(p.get(), q.get()) < 0) std::swap(p, q);
  return rsa_from_pkey(key_of(p.get(), q.get(), exponent, ctx.get()));
}

}  // namespace ward::crypto
