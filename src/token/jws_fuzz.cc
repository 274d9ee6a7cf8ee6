// Any octets as a token and as a key set: no crash, and nothing that was not signed is accepted.
#include <string_view>

#include "base/fuzz.h"
#include "crypto/sign.h"
#include "token/jwk.h"
#include "token/jws.h"

namespace {

using namespace ward;

constexpr std::string_view kPayload = "the one payload";
constexpr token::JwsRules kRules = {.typ = "application/fuzz", .ignore_embedded_key = true};

const crypto::PrivateKey& private_key() {
  static const crypto::PrivateKey key = [] {
    crypto::SeededRng rng(as_bytes("jws_fuzz"));
    auto made = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

const token::JwsKey& fixed_key() {
  static const token::JwsKey key = [] {
    auto made = token::jws_key({.key = private_key().public_key(),
                                .kid = token::thumbprint(private_key().public_key()),
                                .alg = {},
                                .use = {},
                                .key_ops = {}});
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

// signed_token is the one token that the key ever signed, of the seed `jws_signed`.
const std::string& signed_token() {
  static const std::string made = [] {
    auto out = token::sign_jws(token::signer_of(private_key()), "Fuzz", as_bytes(kPayload));
    if (!out) __builtin_trap();
    return *std::move(out);
  }();
  return made;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 16U) return 0;
  const Bytes input(data, size);
  const std::string_view text = as_text(input);
  const auto verified = token::verify_jws(text, fixed_key(), kRules);
  if (verified.has_value() != (text == signed_token())) __builtin_trap();
  if (verified && !equal(verified->payload, as_bytes(kPayload))) __builtin_trap();
  const bool any = token::verify_jws_any(text, std::span(&fixed_key(), 1), kRules).has_value();
  if (any != verified.has_value()) __builtin_trap();
  if (const auto jwk = token::parse_jwk(input)) {
    const auto again = token::parse_jwk(as_bytes(token::to_json(*jwk)));
    if (!again || token::thumbprint(again->key) != token::thumbprint(jwk->key)) __builtin_trap();
    (void)token::jws_key(*jwk);
  }
  if (const auto set = token::parse_jwks(input)) {
    const auto again = token::parse_jwks(as_bytes(token::to_jwks_json(*set)));
    if (!again || again->size() != set->size()) __builtin_trap();
  }
  return 0;
}
