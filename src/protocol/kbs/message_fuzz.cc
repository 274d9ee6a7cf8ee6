#include "base/fuzz.h"
#include "protocol/kbs/message.h"

namespace kbs = ward::protocol::kbs;

namespace {

void check_attestation(ward::Bytes in, kbs::Version version) {
  const auto message = kbs::parse_attestation(in, version);
  if (!message) return;
  const auto text = kbs::write_attestation(*message, version);
  if (!text) __builtin_trap();
  const auto again = kbs::parse_attestation(ward::as_bytes(*text), version);
  if (!again || again->tee_pubkey != message->tee_pubkey || again->nonce != message->nonce ||
      again->primary_evidence != message->primary_evidence) {
    __builtin_trap();
  }
  if (message->init_data) (void)kbs::init_data_digest(*message->init_data);
  for (const kbs::Version other : kbs::kVersions) {  // no message is of two versions
    if (other != version && kbs::parse_attestation(in, other)) __builtin_trap();
  }
  if (!kbs::bound_text(version, *message, message->nonce)) __builtin_trap();
}

}  // namespace

// What parses is written and parsed again to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  if (const auto request = kbs::parse_request(in)) {
    const auto text = kbs::write_request(*request);
    if (!text || !kbs::parse_request(ward::as_bytes(*text))) __builtin_trap();
  }
  for (const kbs::Version version : kbs::kVersions) {
    check_attestation(in, version);
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
