#include "base/fuzz.h"
#include "tee/cca/scheme.h"
#include "tee/cca/token.h"

// Property: what is read is written and read again to the same; the layout covers every octet.
namespace {

using namespace ward;
using namespace ward::cca;

void require(bool property) {
  if (!property) __builtin_trap();
}

void check_layout(Bytes input) {
  const auto layout = Cca{}.layout(input);
  require(layout.has_value());
  std::size_t at = 0;
  for (const attest::LayoutField& field : *layout) {
    require(field.offset == at);
    at += field.size;
  }
  require(at == input.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes input(data, size);
  Buffer storage;
  const auto octets = token_octets(input, storage);
  if (!std::holds_alternative<Bytes>(octets)) return 0;
  const Bytes whole = std::get<Bytes>(octets);
  const auto parsed = parse_token(whole);
  const auto* token = std::get_if<Token>(&parsed);
  if (token == nullptr) return 0;
  check_layout(input);
  std::vector<attest::Claim> claims;
  token->add_claims(claims);
  require(!claims.empty());
  const auto platform = write_platform_claims(token->platform);
  const auto realm = write_realm_claims(token->realm);
  require(platform && realm);
  token::CoseSign1 first = token->platform.message;
  token::CoseSign1 second = token->realm.message;
  first.payload = *platform;
  second.payload = *realm;
  const auto written = write_token(token::write_cose_sign1(first), token::write_cose_sign1(second));
  require(written.has_value());
  const std::string json = write_token_json(*written);
  Buffer again_storage;
  const auto again_octets = token_octets(as_bytes(json), again_storage);
  require(std::holds_alternative<Bytes>(again_octets) &&
          equal(std::get<Bytes>(again_octets), *written));
  const auto again = parse_token(*written);
  const auto* other = std::get_if<Token>(&again);
  require(other != nullptr && other->unknown.empty());
  require(*write_platform_claims(other->platform) == *platform);
  require(*write_realm_claims(other->realm) == *realm);
  return 0;
}
