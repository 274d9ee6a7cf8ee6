#include <cstdlib>

#include "base/fuzz.h"
#include "refval/refval.h"

// Whatever parses is written again, and every value of it may be set.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes text(data, size);
  (void)ward::refval::check_value(text);
  const auto values = ward::refval::parse_message(text, {1700000000});
  if (!values) return 0;
  for (const auto& one : *values) {
    if (!ward::refval::is_id(one.id)) std::abort();
    if (ward::refval::check_value(ward::as_bytes(one.value))) std::abort();
  }
  if (!ward::refval::to_json(*values, {0})) std::abort();
  return 0;
}
