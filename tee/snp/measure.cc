#include "tee/snp/measure.h"

#include <algorithm>

#include "base/writer.h"

namespace ward::snp {
namespace {

// PAGE_INFO's LENGTH: its own size in octets.
constexpr std::uint16_t kPageInfoSize = 0x70;

}  // namespace

void LaunchDigest::add(PageType type, std::uint64_t gpa, Bytes contents) {
  Writer w;
  w.bytes(digest_);
  w.bytes(type == PageType::kZero ? crypto::Sha384Digest{} : crypto::sha384(contents));
  w.u16le(kPageInfoSize);
  w.u8(static_cast<std::uint8_t>(type));
  w.u8(0);         // IMI_PAGE, reserved
  w.zeros(3 + 1);  // permissions of VMPL 3, 2 and 1; reserved
  w.u64le(gpa);
  digest_ = crypto::sha384(w.view());
}

crypto::Sha384Digest launch_digest(Bytes image) {
  LaunchDigest out;
  for (std::size_t at = 0; at < image.size(); at += kPageSize) {
    Buffer page = to_buffer(image.subspan(at, std::min(kPageSize, image.size() - at)));
    page.resize(kPageSize);
    out.add(PageType::kNormal, at, page);
  }
  return out.value();
}

}  // namespace ward::snp
