#include "base/fuzz.h"
#include "tee/dcap/pck.h"

// Property: what parses is written and parsed again to the same extension.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto parsed = ward::dcap::parse_pck_extensions(ward::Bytes(data, size));
  if (!parsed) return 0;
  const auto again = ward::dcap::parse_pck_extensions(ward::dcap::write_pck_extensions(*parsed));
  if (!again || again->tcb_components != parsed->tcb_components || again->fmspc != parsed->fmspc) {
    __builtin_trap();
  }
  return 0;
}
