// Any octets as an encrypted message: no crash, nothing opens but what was encrypted, and what
// parses writes back.
#include "base/fuzz.h"
#include "token/jwe.h"

namespace {

using namespace ward;

const crypto::PrivateKey& fixed_key() {
  static const crypto::PrivateKey key = [] {
    crypto::SeededRng rng(as_bytes("jwe_fuzz"));
    auto made = crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

// require_own: nobody else knows the key's public half, so what opens was encrypted to make a seed.
void require_own(const Result<SecretBytes>& opened) {
  if (opened && !equal(opened->expose(), as_bytes("the one message"))) __builtin_trap();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 16U) return 0;
  const Bytes input(data, size);
  if (const auto jwe = token::parse_compact_jwe(as_text(input))) {
    const auto again = token::parse_compact_jwe(token::to_compact(*jwe));
    if (!again || *again != *jwe) __builtin_trap();
    require_own(token::decrypt_jwe(*jwe, fixed_key()));
  }
  if (const auto jwe = token::parse_jwe(input)) {
    require_own(token::decrypt_jwe(*jwe, fixed_key()));
    const auto again = token::parse_jwe(as_bytes(token::to_json(*jwe)));
    if (!again || *again != *jwe) __builtin_trap();
  }
  return 0;
}
