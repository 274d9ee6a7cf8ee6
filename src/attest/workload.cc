#include "attest/workload.h"

namespace ward::attest {

std::optional<Buffer> workload_field(Bytes digest, std::size_t size) {
  constexpr std::size_t kHostDataSize = 32;
  if (size == kHostDataSize && digest.size() == kWorkloadSize) {
    return to_buffer(digest.first(kHostDataSize));
  }
  if (digest.empty() || digest.size() > size) return std::nullopt;
  Buffer out = to_buffer(digest);
  out.resize(size);
  return out;
}

}  // namespace ward::attest
