// Any octets as a COSE_Sign1 and as a COSE_Key: no crash, and nothing that was not signed holds.
#include "base/fuzz.h"
#include "token/cose.h"

namespace {

using namespace ward;

const crypto::PrivateKey& private_key() {
  static const crypto::PrivateKey key = [] {
    crypto::SeededRng rng(as_bytes("cose_fuzz"));
    auto made = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

// The one message that the key ever signed, of the seed `signed`.
const Buffer& payload() {
  static const Buffer made = to_buffer(as_bytes("the one payload"));
  return made;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 16U) return 0;
  const Bytes input(data, size);
  if (const auto key = token::parse_cose_key(input)) {
    const auto written = token::write_cose_key(*key);
    const auto again = written ? token::parse_cose_key(*written) : written.error();
    if (!again || again->to_spki() != key->to_spki()) __builtin_trap();
  }
  const auto message = token::parse_cose_sign1(input);
  if (!message) return 0;
  const auto written = token::write_cose_sign1(*message);
  const auto again = token::parse_cose_sign1(written);
  if (!again || !equal(again->protected_header, message->protected_header) ||
      !equal(again->signature, message->signature) || again->tagged != message->tagged ||
      again->payload.has_value() != message->payload.has_value()) {
    __builtin_trap();
  }
  const bool holds = token::cose_signature_holds(*message, token::CoseAlgorithm::kEdDsa,
                                                 private_key().public_key());
  if (holds && !equal(*message->payload, payload())) __builtin_trap();
  return 0;
}
