#include "base/fuzz.h"
#include "tee/psa/token.h"

// Property: what is read is recognised, written and read again to the same; the layout covers every
// octet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  using namespace ward::psa;
  const Bytes input(data, size);
  const bool recognised = is_token(input);
  const auto parsed = parse_token(input);
  const auto* token = std::get_if<Token>(&parsed);
  if (token == nullptr) return 0;
  if (!recognised) __builtin_trap();
  std::size_t at = 0;
  for (const attest::LayoutField& field : token->layout(input)) {
    if (field.offset != at) __builtin_trap();
    at += field.size;
  }
  if (at != size) __builtin_trap();
  std::vector<attest::Claim> claims;
  token->add_claims(claims);
  const auto payload = write_claims(*token);
  if (!payload) __builtin_trap();
  token::CoseSign1 message = token->message;
  message.payload = *payload;
  const Buffer written = token::write_cose_sign1(message);
  const auto again = parse_token(written);
  const auto* other = std::get_if<Token>(&again);
  if (other == nullptr || !other->unknown.empty() || *write_claims(*other) != *payload) {
    __builtin_trap();
  }
  return 0;
}
