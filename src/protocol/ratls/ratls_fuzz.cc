#include "base/fuzz.h"
#include "protocol/ratls/certificate.h"

namespace ratls = ward::protocol::ratls;

// A certificate that reads has the extension, and a quote's user data that follows from its claims.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  const auto read = ratls::read_certificate(in);
  if (!read) return 0;
  if (!ratls::is_certificate(in)) __builtin_trap();
  if (ratls::report_data(read->claims) != read->report_data) __builtin_trap();
  return 0;
}
