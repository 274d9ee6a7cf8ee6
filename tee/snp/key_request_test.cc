#include "tee/snp/key_request.h"

#include <gtest/gtest.h>

namespace ward::snp {
namespace {

KeyRequest good() {
  return {.root_key = RootKey::kVcek,
          .guest_field_select = guest_field::kKnown,
          .vmpl = 0x01020304,
          .guest_svn = 0x05060708,
          .tcb_version = {1, 2, 3, 4, 5, 6, 7, 8}};
}

Errc code_of(Bytes octets) { return parse_key_request(octets).error().code(); }

// As Linux lays out struct snp_derived_key_req.
TEST(SnpKeyRequest, LiesAsTheGuestsKernelWritesIt) {
  EXPECT_EQ(to_hex(write_key_request(good())),
            "02000000000000003f00000000000000"
            "0403020108070605"
            "0102030405060708");
  EXPECT_EQ(write_key_request(*parse_key_request(write_key_request(good()))),
            write_key_request(good()));
}

TEST(SnpKeyRequest, IsRefusedAtEveryOtherSize) {
  const Buffer octets = write_key_request(good());
  for (std::size_t size = 0; size < octets.size(); ++size)
    EXPECT_EQ(code_of(Bytes(octets).first(size)), Errc::kTruncated) << size;
  EXPECT_EQ(code_of(concat({octets, Buffer(1)})), Errc::kMalformed);
}

TEST(SnpKeyRequest, HasNoBitWithoutMeaning) {
  const Buffer octets = write_key_request(good());
  for (std::size_t at = 0; at < octets.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Buffer flipped = octets;
      flipped[at] = static_cast<std::uint8_t>(flipped[at] ^ (1U << bit));
      const auto parsed = parse_key_request(flipped);
      // VCEK is 2: without bit 1 it is 0, the default; every other value than 0, 1, 2, 4 is
      // refused.
      const bool selects = at == 0 && bit == 1;
      const bool fields = at == 8 && bit < 6;
      EXPECT_EQ(parsed.has_value(), selects || fields || at >= 16) << at << " " << bit;
      if (parsed) {
        EXPECT_EQ(write_key_request(*parsed), flipped);
      } else {
        EXPECT_EQ(parsed.error().code(), Errc::kMalformed);
      }
    }
  }
}

}  // namespace
}  // namespace ward::snp
