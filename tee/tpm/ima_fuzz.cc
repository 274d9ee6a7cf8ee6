#include "base/fuzz.h"
#include "tee/tpm/ima.h"
#include "tee/tpm/structures.h"

namespace ward::tpm {
namespace {

void require(bool what) {
  if (!what) __builtin_trap();
}

void check(Bytes in) {
  const auto entries = parse_ima_log(in);
  if (!entries) return;
  const Buffer binary = write_ima_binary(*entries);
  if (!entries->empty()) {
    const auto again = parse_ima_log(binary);
    require(again.has_value() && *again == *entries);
  }
  (void)wrong_digest(*entries);
  (void)write_ima_ascii(*entries);
  const ImaReplay found = replay_ima(*entries, alg::kSha256, 10, Buffer(32));
  require(found.believed <= entries->size());
  require(found.matches == (found.believed != 0));
}

}  // namespace
}  // namespace ward::tpm

// Properties: what parses, in either form, is written in binary and read again alike; a replay
// never believes more than there is.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ward::tpm::check(ward::Bytes(data, size));
  return 0;
}
