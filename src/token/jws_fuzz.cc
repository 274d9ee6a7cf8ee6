// Any octets as a token and as a key set: no crash, and nothing that was not signed is accepted.
#include <string_view>

#include "base/fuzz.h"
#include "token/jwk.h"
#include "token/jws.h"

namespace {

using namespace ward;

const token::JwsKey& fixed_key() {
  static const token::JwsKey key = [] {
    const auto jwk = token::parse_jwk(
        as_bytes(R"({"kty":"EC","crv":"P-256","x":"UIJzusTDaaRM6CJcjTzR0sX2qbxl__1LHhHPKamBBkY",)"
                 R"("y":"XTSEJxzjFvDtF3sPDf9f-mhigrwL3UlIe0ax6PVF9I8"})"));
    if (!jwk) __builtin_trap();
    auto made = token::jws_key(*jwk);
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 16U) return 0;
  const Bytes input(data, size);
  // Nobody but the generator of the worked example holds this key, and it signed nothing.
  if (token::verify_jws(as_text(input), fixed_key(), {.ignore_embedded_key = true})) {
    __builtin_trap();
  }
  if (const auto jwk = token::parse_jwk(input)) {
    const auto again = token::parse_jwk(as_bytes(token::to_json(*jwk)));
    if (!again || token::thumbprint(again->key) != token::thumbprint(jwk->key)) __builtin_trap();
  }
  if (const auto set = token::parse_jwks(input)) {
    const auto again = token::parse_jwks(as_bytes(token::to_jwks_json(*set)));
    if (!again || again->size() != set->size()) __builtin_trap();
  }
  return 0;
}
