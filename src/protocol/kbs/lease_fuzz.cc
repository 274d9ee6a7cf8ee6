#include "base/bytes.h"
#include "base/fuzz.h"
#include "protocol/kbs/lease.h"

namespace kbs = ward::protocol::kbs;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value = ward::as_text({data, size});
  const auto term = kbs::parse_lease(value);
  if (term && (kbs::write_lease(*term) != value || term->seconds == 0 ||
               term->seconds > kbs::kMaxLeaseSeconds)) {
    __builtin_trap();
  }
  return 0;
}
