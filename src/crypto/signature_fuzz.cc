#include "base/fuzz.h"
#include "crypto/internal/der.h"
#include "crypto/internal/public_key.h"

using ward::Bytes;
using ward::crypto::KeyType;

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

ward::Buffer der_from_rs(Bytes r_s) {
  namespace der = ward::crypto::der;
  ward::Buffer both;
  der::put_unsigned(both, r_s.first(r_s.size() / 2));
  der::put_unsigned(both, r_s.subspan(r_s.size() / 2));
  ward::Buffer out;
  der::put(out, der::kSequence, both);
  return out;
}

}  // namespace

// What is read as an ECDSA-Sig-Value is its one DER encoding.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1024) return 0;
  const Bytes in(data, size);
  for (const KeyType type : {KeyType::kP256, KeyType::kP384, KeyType::kP521}) {
    const ward::crypto::Curve& curve = *ward::crypto::curve_of(type);
    const auto r_s = ward::crypto::rs_from_der(curve, in);
    if (r_s.size == 0) continue;
    require(r_s.size == 2 * curve.field_bytes);
    require(ward::equal(der_from_rs(r_s.view()), in));
  }
  return 0;
}
