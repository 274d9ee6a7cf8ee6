#include "tee/snp/measure.h"

#include <gtest/gtest.h>

namespace ward::snp {
namespace {

Buffer pattern_page() {
  Buffer out(kPageSize);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = static_cast<std::uint8_t>(i * 7);
  return out;
}

// The expected values are those of virtee's sev-snp-measure 0.0.11 (class GCTX).
TEST(LaunchDigest, IsThatOfTheSpecification) {
  const Buffer page = pattern_page();
  EXPECT_EQ(to_hex(launch_digest(page)),
            "9a90519b82502cafa92b3da8a97b006bfe8b851e91dbabc9c89f6de1c0f7bc67"
            "47f5acb52376d6aceb333fb01ace8ffc");
  EXPECT_EQ(to_hex(launch_digest(concat({page, as_bytes("ward")}))),
            "2d91fb3456eaa52bb89382fe7faf9bb3de6f20f12e61695482b9aa3ca5093f58"
            "f45454d9e3dacfcf9a476bd3e5ba5c39");
  LaunchDigest several;
  several.add(PageType::kNormal, 0x1000, page);
  several.add(PageType::kZero, 0x2000, Buffer(kPageSize));
  several.add(PageType::kVmsa, 0xfffffffff000, Buffer(kPageSize, 1));
  EXPECT_EQ(to_hex(several.value()),
            "5de753ca8e8b289f3ab5547baa7098e988c21930e272ed8a36b3732f911f02f3"
            "2437e17f84fac7c5546aa1d59184ee7c");
}

TEST(LaunchDigest, DependsOnEveryOctetAndPlace) {
  const Buffer page = pattern_page();
  Buffer flipped = page;
  flipped.back() ^= 1U;
  EXPECT_NE(launch_digest(page), launch_digest(flipped));
  EXPECT_NE(launch_digest(page), launch_digest(concat({page, page})));
  EXPECT_EQ(launch_digest({}), crypto::Sha384Digest{});
}

}  // namespace
}  // namespace ward::snp
