#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace ward::snp {

inline constexpr std::size_t kPageSize = 4096;

// PageType is what SNP_LAUNCH_UPDATE is told of a page (AMD 56860, SNP_LAUNCH_UPDATE, PAGE_TYPE):
// those that ward measures.
enum class PageType : std::uint8_t { kNormal = 1, kVmsa = 2, kZero = 3 };

// LaunchDigest computes MEASUREMENT: a chain over one PAGE_INFO structure for each page, in the
// order of the launch (AMD 56860, SNP_LAUNCH_UPDATE, Launch Digest).
class LaunchDigest {
 public:
  // add measures one page at a guest physical address. `contents` has kPageSize octets; of a
  // kZero page they do not count.
  void add(PageType type, std::uint64_t gpa, Bytes contents);

  [[nodiscard]] const crypto::Sha384Digest& value() const { return digest_; }

 private:
  crypto::Sha384Digest digest_{};
};

// launch_digest measures octets as normal pages from address 0 on, zeros behind them up to a whole
// page.
[[nodiscard]] crypto::Sha384Digest launch_digest(Bytes image);

}  // namespace ward::snp
