#include "base/fuzz.h"
#include "tee/snp/id_block.h"

// Properties: what parses is written again to the same octets; verifying it ends, whatever its
// keys. The input is an ID block with its authentication information behind it, or either alone.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const std::size_t first = size < ward::snp::kIdBlockSize ? size : ward::snp::kIdBlockSize;
  const ward::Bytes tail = size == ward::snp::kIdAuthSize ? in : in.subspan(first);
  const auto block = ward::snp::parse_id_block(in.first(first));
  const auto auth = ward::snp::parse_id_auth(tail);
  if (block && !ward::equal(ward::snp::write_id_block(*block), in.first(first))) __builtin_trap();
  if (auth && !ward::equal(ward::snp::write_id_auth(*auth), tail)) __builtin_trap();
  if (block && auth) (void)ward::snp::verify_id_block(*block, *auth);
  return 0;
}
