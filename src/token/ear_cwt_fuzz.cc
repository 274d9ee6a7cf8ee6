// Any octets as a claim set in CBOR and as a signed result: no crash, what is read is JSON, and
// nothing that was not signed is accepted.
#include "base/fuzz.h"
#include "codec/json.h"
#include "token/ear_cwt.h"

namespace {

using namespace ward;

const std::vector<token::JwsKey>& keys() {
  static const std::vector<token::JwsKey> made = [] {
    crypto::SeededRng rng(as_bytes("ear_cwt_fuzz"));
    auto key = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
    if (!key) __builtin_trap();
    const crypto::PublicKey half = key->public_key();
    return std::vector<token::JwsKey>{{token::JwsAlgorithm::kEdDsa, half, token::thumbprint(half)}};
  }();
  return made;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 16U) return 0;
  const Bytes input(data, size);
  if (const auto json = token::ear_json(input)) {
    const auto claims = codec::parse_json(as_bytes(*json));
    if (!claims || !claims->is_object()) __builtin_trap();
    const auto view = token::view_ear(*claims);
    if (view && view->submods.empty()) __builtin_trap();
    if (view) (void)token::judge_ear(*view, true);
    if (view) (void)token::answers_nonce(*view, "bm9uY2Vub25jZQ");
  }
  token::JwtExpectations expected;
  expected.now = {1200};
  // The one result that the key ever signed, of the seed `signed`.
  if (const auto cwt = token::verify_cwt(input, keys(), expected)) {
    if (cwt->claims.find("jti")->as_string() != "5eed") __builtin_trap();
  }
  return 0;
}
