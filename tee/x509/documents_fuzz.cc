#include "base/fuzz.h"
#include "codec/pem.h"
#include "tee/x509/documents.h"

// Properties: every document comes to something, bounded in number, and what is recognised parses
// again from its own octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::attest::Document document{"document", ward::Buffer(data, data + size)};
  ward::x509::Documents out;
  if (!ward::x509::within_limits(document, 0, out)) return 0;
  ward::x509::add_document(document, out);
  const std::size_t all = out.certificates.size() + out.crls.size() + out.unknown.size();
  if (all == 0 || all > ward::codec::kMaxPemBlocks) __builtin_trap();
  for (const auto& certificate : out.certificates) {
    const auto again = ward::pki::parse_certificate(certificate.value.der);
    if (!again || again->tbs != certificate.value.tbs) __builtin_trap();
  }
  for (const auto& crl : out.crls) {
    const auto again = ward::pki::parse_crl(crl.value.der);
    if (!again || again->tbs != crl.value.tbs) __builtin_trap();
  }
  return 0;
}
