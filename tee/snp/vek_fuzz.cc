#include "base/fuzz.h"
#include "tee/snp/vek.h"

// Property: the extensions of a certificate are written and read again to the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto certificate = ward::pki::parse_certificate(ward::Bytes(data, size));
  if (!certificate) return 0;
  const auto parsed = ward::snp::parse_vek_extensions(*certificate);
  if (!parsed) return 0;
  certificate->extensions = ward::snp::write_vek_extensions(*parsed);
  const auto again = ward::snp::parse_vek_extensions(*certificate);
  const auto reserved = [](const ward::snp::VekExtensions& e) {
    // Turin's spl_4 is FMC's place: it is not written.
    return e.tcb.fmc ? ward::Bytes(e.reserved).subspan(1) : ward::Bytes(e.reserved);
  };
  if (!again || again->struct_version != parsed->struct_version ||
      again->product_name != parsed->product_name || again->tcb != parsed->tcb ||
      !ward::equal(reserved(*again), reserved(*parsed)) || again->hwid != parsed->hwid ||
      again->csp_id != parsed->csp_id) {
    __builtin_trap();
  }
  return 0;
}
