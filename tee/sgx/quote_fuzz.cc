#include "base/fuzz.h"
#include "tee/dcap/quote_property.h"
#include "tee/sgx/scheme.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::sgx::Sgx scheme;
  ward::dcap::check_quote_property(scheme, ward::dcap::TeeType::kSgx, ward::Bytes(data, size));
  return 0;
}
