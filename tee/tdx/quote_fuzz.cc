#include "base/fuzz.h"
#include "tee/dcap/quote_property.h"
#include "tee/tdx/scheme.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::tdx::Tdx scheme;
  ward::dcap::check_quote_property(scheme, ward::dcap::TeeType::kTdx, ward::Bytes(data, size));
  return 0;
}
