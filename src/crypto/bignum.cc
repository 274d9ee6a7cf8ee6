#include "crypto/bignum.h"

#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kMaxOperand = 1024;

using BnCtxPtr = std::unique_ptr<BN_CTX, Deleter<BN_CTX_free>>;

BnPtr number(Bytes magnitude) {
  return BnPtr(must_get(BN_bin2bn(magnitude.data(), static_cast<int>(magnitude.size()), nullptr)));
}

Buffer octets(const BIGNUM* value) {
  Buffer out(static_cast<std::size_t>(BN_num_bytes(value)));
  BN_bn2bin(value, out.data());
  return out;
}

}  // namespace

std::optional<Quotient> mul_div(Bytes a, Bytes b, Bytes n) {
  if (a.size() > kMaxOperand || b.size() > kMaxOperand || n.size() > kMaxOperand) {
    return std::nullopt;
  }
  const BnPtr divisor = number(n);
  if (BN_is_zero(divisor.get()) == 1) return std::nullopt;
  const BnCtxPtr ctx(must_get(BN_CTX_new()));
  const BnPtr product(must_get(BN_new()));
  const BnPtr quotient(must_get(BN_new()));
  const BnPtr remainder(must_get(BN_new()));
  must(BN_mul(product.get(), number(a).get(), number(b).get(), ctx.get()) == 1 &&
       BN_div(quotient.get(), remainder.get(), product.get(), divisor.get(), ctx.get()) == 1);
  return Quotient{octets(quotient.get()), octets(remainder.get())};
}

}  // namespace ward::crypto
