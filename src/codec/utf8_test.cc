#include "codec/utf8.h"

#include <string>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

// Octets are looked at in blocks where they are ASCII: every place in and beside a block.
TEST(Utf8, FindsTheFirstOctetThatIsNot) {
  for (std::size_t before = 0; before <= 100; ++before) {
    const std::string ascii(before, 'a');
    for (const std::string bad :
         {"\x80", "\xc0\x80", "\xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
      EXPECT_EQ(utf8_prefix(ascii + bad), before);
      EXPECT_EQ(utf8_prefix(ascii + bad + std::string(100, 'b')), before);
      EXPECT_EQ(utf8_prefix(ascii + "\xc3\xa9" + bad), before + 2);
      EXPECT_FALSE(is_utf8(ascii + bad + ascii));
    }
    for (const std::string good : {"", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
      const std::string text = ascii + good + ascii + good;
      EXPECT_EQ(utf8_prefix(text), text.size());
      EXPECT_TRUE(is_utf8(text));
    }
  }
}

}  // namespace
}  // namespace ward::codec
