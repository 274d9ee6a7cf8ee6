#include "attest/field.h"
#include "tee/tcg/efi_text.h"
#include "tee/tcg/statement.h"

namespace ward::tcg {
namespace {

// item names what one event measured by what the register proves alone: the text that was hashed,
// or the digest. Type, prefix and description are the word of whoever delivered the log.
std::string item(const Statement& s) {
  const bool covered =
      s.covered.coverage == Coverage::kWhole || s.covered.coverage == Coverage::kPart;
  if (covered) {
    const auto text = text_of(s.covered.octets);
    if (text && text->size() <= attest::kMaxItemText && !attest::is_like_digest(*text)) {
      return *text;
    }
  }
  return to_hex(s.digest);
}

}  // namespace

std::vector<attest::Claim> measured_claims(std::span<const Statement> statements,
                                           Registers registers,
                                           std::span<const std::uint32_t> shown) {
  std::vector<attest::Claim> out;
  const std::string prefix = registers == Registers::kPcr ? "event_log.pcr" : "event_log.rtmr";
  for (const std::uint32_t number : shown) {
    std::vector<std::string> items;
    for (const Statement& s : statements) {
      if (s.number == number && !s.is_separator) items.push_back(item(s));
    }
    if (items.empty()) continue;
    out.push_back({prefix + std::to_string(number) + "_measured", std::move(items)});
  }
  return out;
}

}  // namespace ward::tcg
