#include "base/fuzz.h"
#include "tee/dcap/tcb_documents.h"

// Property: whatever parses has levels, and its signed body is a part of the input.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  if (const auto info = ward::dcap::parse_tcb_info(in)) {
    if (info->levels.empty() || info->body.size() > size) __builtin_trap();
  }
  if (const auto identity = ward::dcap::parse_qe_identity(in)) {
    if (identity->levels.empty() || identity->body.size() > size) __builtin_trap();
  }
  return 0;
}
