#include "base/fuzz.h"
#include "tee/tpm/evidence.h"
#include "tee/tpm/scheme.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {
namespace {

void require(bool what) {
  if (!what) __builtin_trap();
}

void check_structures(const Evidence& evidence) {
  if (const auto quote = parse_quote(evidence.attest)) {
    require(write_quote(*quote) == evidence.attest);
    const auto again = parse_selection(selection_text(quote->pcr_select));
    require(!again || again->size() <= kMaxBanks);
  }
  if (const auto signature = parse_signature(evidence.signature)) {
    require(write_signature(*signature) == evidence.signature);
  }
  if (const auto area = parse_public(evidence.ak)) {
    require(write_public(*area) == evidence.ak);
    require(attributes_text(area->attributes) != "");
    (void)area->name();
    (void)area->key();
  }
}

void check(Bytes in) {
  const Tpm scheme;
  const auto parsed = parse_evidence(in);
  require(scheme.inspect(in).has_value() == parsed.has_value());
  require(scheme.needs(in).has_value() == parsed.has_value());
  if (!parsed) {
    require(!scheme.layout(in));
    return;
  }
  const Buffer again = write_evidence(*parsed);
  if (parsed->form == Form::kOwn) require(equal(again, in));
  require(*parse_evidence(again) == *parsed);
  const auto layout = scheme.layout(in);
  require(layout.has_value());
  std::size_t at = 0;
  for (const attest::LayoutField& field : *layout) {
    require(field.offset == at);
    at += field.size;
  }
  require(at == in.size());
  check_structures(*parsed);
}

}  // namespace
}  // namespace ward::tpm

// Properties: what parses is written and read again alike, its structures to the octet; the layout
// covers all octets exactly.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ward::tpm::check(ward::Bytes(data, size));
  return 0;
}
