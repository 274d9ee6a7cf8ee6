#include "base/fuzz.h"
#include "tee/nitro/document.h"

// Property: what is read is written and read again to the same; the layout covers every octet.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  using namespace ward::nitro;
  const Bytes input(data, size);
  const auto parsed = parse_document(input);
  const auto* document = std::get_if<Document>(&parsed);
  if (document == nullptr) return 0;
  std::size_t at = 0;
  for (const attest::LayoutField& field : document->layout(input)) {
    if (field.offset != at) __builtin_trap();
    at += field.size;
  }
  if (at != size) __builtin_trap();
  std::vector<attest::Claim> claims;
  attest::ClaimList list(claims);
  document->add_claims(list);
  list.finish();
  if (document->debug() !=
      (all_zero(*document->pcr(0)) || all_zero(document->pcr(1).value_or(Bytes(data, 1))) ||
       all_zero(document->pcr(2).value_or(Bytes(data, 1))))) {
    __builtin_trap();
  }
  const auto payload = write_payload(*document);
  if (!payload) __builtin_trap();
  token::CoseSign1 message = document->message;
  message.payload = *payload;
  const Buffer written = token::write_cose_sign1(message);
  const auto again = parse_document(written);
  const auto* second = std::get_if<Document>(&again);
  if (second == nullptr || *write_payload(*second) != *payload) __builtin_trap();
  return 0;
}
