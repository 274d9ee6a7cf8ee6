#include "base/fuzz.h"
#include "protocol/kbs/message.h"

namespace kbs = ward::protocol::kbs;

// What parses is written and parsed again to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  if (const auto request = kbs::parse_request(in)) {
    const auto text = kbs::write_request(*request);
    if (!text || !kbs::parse_request(ward::as_bytes(*text))) __builtin_trap();
  }
  if (const auto message = kbs::parse_attestation(in)) {
    const auto text = kbs::write_attestation(*message);
    if (!text) __builtin_trap();
    const auto again = kbs::parse_attestation(ward::as_bytes(*text));
    if (!again || again->tee_pubkey != message->tee_pubkey || again->nonce != message->nonce ||
        again->primary_evidence != message->primary_evidence) {
      __builtin_trap();
    }
    if (!kbs::runtime_data(message->nonce, message->tee_pubkey, message->additional_evidence) ||
        !kbs::device_runtime_data(message->nonce, message->tee_pubkey)) {
      __builtin_trap();
    }
  }
  if (const auto path = kbs::parse_resource_path(ward::as_text(in))) {
    if (path->text() != ward::as_text(in)) __builtin_trap();
  }
  if (const auto challenge = kbs::parse_challenge(in)) {
    const auto text = kbs::write_challenge(*challenge);
    if (!text || kbs::parse_challenge(ward::as_bytes(*text))->nonce != challenge->nonce) {
      __builtin_trap();
    }
  }
  if (const auto token = kbs::parse_token_reply(in)) {
    const auto text = kbs::write_token_reply(*token);
    if (!text || *kbs::parse_token_reply(ward::as_bytes(*text)) != *token) __builtin_trap();
  }
  if (const auto error = kbs::parse_error(in)) {
    const auto again = kbs::parse_error(ward::as_bytes(kbs::write_error(*error)));
    if (!again || again->type != error->type || again->detail != error->detail) __builtin_trap();
  }
  return 0;
}
