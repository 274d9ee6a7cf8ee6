#include "base/fuzz.h"
#include "tee/sev/launch.h"
#include "tee/sev/session.h"

// Properties: a session is written again to the same octets; a firmware image is never read outside
// its octets, whatever its table says.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;  // NOLINT(google-build-using-namespace): a test's
  const Bytes in(data, size);
  if (const auto session = sev::parse_session(in)) {
    if (!equal(sev::write_session(*session), in)) __builtin_trap();
  }
  static_cast<void>(sev::takes_kernel_hashes(in));
  static_cast<void>(sev::vmsa_pages(in, 2, 0));
  if (const auto guid = sev::parse_guid(as_text(in))) {
    if (all_zero(*guid) != (as_text(in) == "00000000-0000-0000-0000-000000000000")) {
      __builtin_trap();
    }
  }
  return 0;
}
