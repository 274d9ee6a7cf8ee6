#include "base/fuzz.h"
#include "crypto/signature.h"

using ward::Bytes;
using ward::Errc;
using ward::crypto::KeyType;
using ward::crypto::PublicKey;

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

}  // namespace

// What is read as a key is the one encoding of that key, and its numbers give the same key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const Bytes in(data, size);
  const auto key = PublicKey::from_spki(in);
  if (!key) {
    const Errc code = key.error().code();
    require(code == Errc::kMalformed || code == Errc::kUnsupported || code == Errc::kLimit);
    return 0;
  }
  require(ward::equal(key->to_spki(), in));
  const ward::Buffer xy = key->to_ec_xy();
  if (xy.empty()) return 0;
  const auto again = PublicKey::from_ec_xy(key->type(), xy);
  require(again && ward::equal(again->to_spki(), in));
  return 0;
}
