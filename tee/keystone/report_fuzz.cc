#include "base/fuzz.h"
#include "tee/keystone/report.h"

// Property: what is read is written again to the same octets; the layout covers every octet; a sure
// report is one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  using namespace ward::keystone;
  const Bytes input(data, size);
  const auto parsed = parse_report(input);
  const auto* report = std::get_if<Report>(&parsed);
  if (report != nullptr && !may_be_report(input)) __builtin_trap();
  if (is_report(input) && (report == nullptr || !may_be_report(input))) __builtin_trap();
  if (report == nullptr) return 0;
  if (!equal(write_report(*report), input)) __builtin_trap();
  std::size_t at = 0;
  for (const attest::LayoutField& field : report->layout(input)) {
    if (field.offset != at) __builtin_trap();
    at += field.size;
  }
  if (at != size) __builtin_trap();
  std::vector<attest::Claim> claims;
  report->add_claims(claims);
  return 0;
}
