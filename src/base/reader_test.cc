#include "base/reader.h"

#include <gtest/gtest.h>

#include "base/writer.h"

namespace ward {
namespace {

TEST(Reader, ReadsWhatWriterWrote) {
  Writer w;
  w.u8(1);
  w.u16le(0x0203);
  w.u32le(0x04050607);
  w.u64le(0x08090a0b0c0d0e0f);
  w.u16be(0x0203);
  w.u32be(0x04050607);
  w.u64be(0x08090a0b0c0d0e0f);
  Reader r(w.view());
  std::uint8_t a = 0;
  std::uint16_t b = 0;
  std::uint32_t c = 0;
  std::uint64_t d = 0;
  ASSERT_TRUE(r.u8(a) && r.u16le(b) && r.u32le(c) && r.u64le(d));
  EXPECT_EQ(a, 1);
  EXPECT_EQ(b, 0x0203);
  EXPECT_EQ(c, 0x04050607U);
  EXPECT_EQ(d, 0x08090a0b0c0d0e0fU);
  ASSERT_TRUE(r.u16be(b) && r.u32be(c) && r.u64be(d));
  EXPECT_EQ(b, 0x0203);
  EXPECT_EQ(c, 0x04050607U);
  EXPECT_EQ(d, 0x08090a0b0c0d0e0fU);
  EXPECT_TRUE(r.empty());
}

TEST(Reader, AFailedReadConsumesNothing) {
  const Buffer three{1, 2, 3};
  Reader r(three);
  std::uint32_t v = 9;
  EXPECT_FALSE(r.u32le(v));
  EXPECT_EQ(v, 9U);
  EXPECT_EQ(r.offset(), 0U);
}

TEST(Reader, NestedLengthStopsAtItsLimit) {
  const Buffer in{2, 0, 0, 0, 7, 8};
  Reader r(in);
  Reader inner({});
  EXPECT_FALSE(r.nested_u32le(1, inner));
  EXPECT_EQ(r.offset(), 0U);
  EXPECT_TRUE(r.nested_u32le(2, inner));
  EXPECT_EQ(inner.rest().size(), 2U);
  EXPECT_TRUE(r.empty());
}

}  // namespace
}  // namespace ward
