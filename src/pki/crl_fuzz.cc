#include "base/fuzz.h"
#include "pki/build.h"
#include "pki/path.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

}  // namespace

// What parses finds its own entries, and says the same when it is written again with build.h.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward::pki;
  if (size > 65536) return 0;
  const auto got = parse_crl(ward::Bytes(data, size));
  if (!got) return 0;
  require(got->der.size() == size);
  for (const RevokedEntry& entry : got->revoked)
    require(got->revokes(entry.serial));
  (void)crl_covers(*got, Certificate{});
  const CrlSpec spec{.signature_algorithm = got->signature_algorithm,
                     .issuer = got->issuer,
                     .this_update = got->this_update,
                     .next_update = got->next_update,
                     .revoked = got->revoked,
                     .extensions = got->extensions};
  const auto again =
      build_crl(spec, [&](ward::Bytes) -> ward::Result<ward::Buffer> { return got->signature; });
  require(again.has_value());
  const auto second = parse_crl(*again);
  require(second && second->revoked.size() == got->revoked.size() &&
          second->this_update == got->this_update && second->next_update == got->next_update &&
          second->crl_number == got->crl_number && second->delta == got->delta);
  return 0;
}
