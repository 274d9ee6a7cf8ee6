#include "base/fuzz.h"
#include "crypto/sign.h"

using ward::Bytes;
using ward::Errc;
using ward::crypto::PrivateKey;

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

}  // namespace

// What is read as a private key is written as one that reads as the same key.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 4096) return 0;
  const auto key = PrivateKey::from_pkcs8(Bytes(data, size));
  if (!key) {
    const Errc code = key.error().code();
    require(code == Errc::kMalformed || code == Errc::kUnsupported || code == Errc::kLimit);
    return 0;
  }
  const auto again = PrivateKey::from_pkcs8(key->to_pkcs8().expose());
  require(again && again->public_key().to_spki() == key->public_key().to_spki());
  return 0;
}
