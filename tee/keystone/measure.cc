#include "tee/keystone/measure.h"

#include <algorithm>

#include "crypto/sha3.h"

namespace ward::keystone {
namespace {

constexpr std::size_t kPage = 4096;

std::size_t in_pages(std::size_t size) { return (size + kPage - 1) / kPage * kPage; }

}  // namespace

Result<crypto::Sha512Digest> measure_monitor(Bytes image, std::size_t size) {
  if (size == 0) return Error(Errc::kMalformed, "keystone.measure: a monitor of no size");
  if (size > kMaxMonitorSize) {
    return Error(Errc::kLimit, "keystone.measure: size of the monitor", size);
  }
  if (image.empty()) return Error(Errc::kMalformed, "keystone.measure: an empty monitor");
  Buffer memory = to_buffer(image.first(std::min(size, image.size())));
  memory.resize(size);
  return crypto::sha3_512(memory);
}

Result<crypto::Sha512Digest> measure_enclave(const EnclaveFiles& files) {
  Buffer sizes;
  Buffer pages;
  for (const Bytes file : {files.loader, files.runtime, files.eapp}) {
    if (file.empty()) return Error(Errc::kMalformed, "keystone.measure: an empty file");
    if (file.size() > kMaxFileSize) {
      return Error(Errc::kLimit, "keystone.measure: size of a file", file.size());
    }
    const std::size_t size = in_pages(file.size());
    for (std::size_t i = 0; i < 8; ++i) {
      sizes.push_back(static_cast<std::uint8_t>(std::uint64_t{size} >> (8 * i)));
    }
    pages.insert(pages.end(), file.begin(), file.end());
    pages.resize(in_pages(pages.size()));
  }
  return crypto::sha3_512(concat({sizes, pages}));
}

}  // namespace ward::keystone
