#include "base/fuzz.h"
#include "tee/x509/ocsp.h"

// What parses is within the limits, and says of each certificate whose it is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto response = ward::x509::parse_ocsp_response(ward::Bytes(data, size));
  if (!response) return 0;
  if (response->singles.size() > ward::x509::kMaxOcspSingles ||
      response->certificates.size() > ward::x509::kMaxOcspCertificates) {
    __builtin_trap();
  }
  for (const auto& single : response->singles) {
    if (single.serial.empty() || single.issuer_name_hash.size() != single.issuer_key_hash.size()) {
      __builtin_trap();
    }
  }
  return 0;
}
