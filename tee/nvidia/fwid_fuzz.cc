#include "base/fuzz.h"
#include "tee/nvidia/fwid.h"

// Whatever stands in the extension, what is read is a digest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  ward::pki::Certificate certificate;
  ward::pki::Extension extension = data[0] % 2 == 0 ? ward::nvidia::fwid_extension({}, {})
                                                    : ward::nvidia::tcb_info_extension({});
  extension.value.assign(data + 1, data + size);
  certificate.extensions = {extension};
  const auto digest = ward::nvidia::fwid_of(certificate);
  if (digest && digest->size() != 48) __builtin_trap();
  return 0;
}
