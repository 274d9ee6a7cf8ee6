#include "tee/keystone/measure.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/sha3.h"

namespace ward::keystone {
namespace {

std::string times(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    out += text;
  }
  return out;
}

// The expected values were computed with Python's hashlib, by sm/src/attest.c and
// sdk/examples/attestation/host/verifier.cpp.
TEST(KeystoneMeasure, AnEnclaveIsSizesAndPages) {
  const std::string loader = times(
      "\x7f"
      "ELF loader",
      500);
  const std::string runtime = times(
      "\x7f"
      "ELF runtime",
      1000);
  const std::string eapp =
      "\x7f"
      "ELF eapp";
  EXPECT_EQ(to_hex(*measure_enclave({as_bytes(loader), as_bytes(runtime), as_bytes(eapp)})),
            "ca0d41a938b2730a9f9bccf62324c2036668cf7d5f4754c3ce84bc0acb900fd5"
            "eb7c94c8c9e0555e3f4dbe3f80fab906a87139768c51cbd08d1694c45e7ab408");
  // A whole page, one octet more, and one octet.
  EXPECT_EQ(to_hex(*measure_enclave({Buffer(4096), Buffer(4097), as_bytes("x")})),
            "16c6dda4656e63bb46021c579ed2026db93dbd5363a3c2534193973c0c13178b"
            "944945a30417dd4db970bf3a27befcdf03539e00f1a852fad86a98a7360b61d4");
}

TEST(KeystoneMeasure, WhereOneFileEndsAndTheNextBeginsCounts) {
  const Buffer page(4096, 1);
  const Buffer two(8192, 1);
  EXPECT_NE(*measure_enclave({page, two, page}), *measure_enclave({two, page, page}));
  // What fills up a page is part of it: these two enclaves have one memory.
  EXPECT_EQ(*measure_enclave({page, page, as_bytes("x")}),
            *measure_enclave({page, page, concat({as_bytes("x"), Buffer(9)})}));
}

TEST(KeystoneMeasure, AMonitorIsWhatTheBootRomFinds) {
  EXPECT_EQ(to_hex(*measure_monitor(as_bytes("ward development keystone monitor"))),
            "09241b29a2b89e3736e9a4fe4664fcb9e7c9e6be19f2b318f28a4b7c79c681fa"
            "ba1bb6f528d77a4c5953f271030cf10bcfe188ad31ee70b39e1f3187c01d6bd2");
  // A payload behind the monitor is not measured.
  Buffer image(kMonitorSize, 3);
  const auto alone = *measure_monitor(image);
  image.push_back(9);
  EXPECT_EQ(*measure_monitor(image), alone);
  image[kMonitorSize - 1] ^= 1U;
  EXPECT_NE(*measure_monitor(image), alone);
  EXPECT_EQ(*measure_monitor(as_bytes("abc"), 3), crypto::sha3_512(as_bytes("abc")));
}

TEST(KeystoneMeasure, SizesHaveLimits) {
  const Buffer page(4096);
  const auto code = [](const auto& result) { return result.error().code(); };
  EXPECT_EQ(code(measure_monitor({})), Errc::kMalformed);
  EXPECT_EQ(code(measure_monitor(page, 0)), Errc::kMalformed);
  EXPECT_EQ(code(measure_monitor(page, kMaxMonitorSize + 1)), Errc::kLimit);
  EXPECT_TRUE(measure_monitor(page, kMaxMonitorSize));
  EXPECT_EQ(code(measure_enclave({page, page, {}})), Errc::kMalformed);
  EXPECT_EQ(code(measure_enclave({{}, page, page})), Errc::kMalformed);
  const Buffer large(kMaxFileSize + 1);
  EXPECT_EQ(code(measure_enclave({page, large, page})), Errc::kLimit);
  EXPECT_TRUE(measure_enclave({page, Bytes(large).first(kMaxFileSize), page}));
}

}  // namespace
}  // namespace ward::keystone
