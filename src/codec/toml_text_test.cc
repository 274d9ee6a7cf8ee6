#include "codec/toml_text.h"

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

TEST(StrayOctet, StringsAndCommentsMayHoldAnyText) {
  for (const char* text : {
           "",
           "a = 1\n",
           "# Größe\na = 1",
           "a = \"Müller\"",
           "a = 'Müller' # ж",
           "a = \"\"\"\nж \"quoted\" ж\n\"\"\"\nb = 1",
           "a = '''\nж 'quoted' ж\n'''",
           "a = \"\\\"ж\"",
           "a = \"\"\nb = 'ж'",
           "a = \"\\\\\"\nb = \"ж\"",
       }) {
    EXPECT_FALSE(stray_octet(text)) << text;
  }
}

TEST(StrayOctet, NothingElseMay) {
  EXPECT_EQ(stray_octet("name = \xd0\xae<"), 7U);
  EXPECT_EQ(stray_octet(" \xef\xbb\xbf"), 1U);
  EXPECT_EQ(stray_octet("a = \"b\"\xc2\xa0"), 7U);
  EXPECT_EQ(stray_octet("a = \"b\nж"), 7U);  // a string ends with its line
  EXPECT_EQ(stray_octet("a = '\\'ж"), 7U);   // no escapes between apostrophes
  EXPECT_EQ(stray_octet("gr\xc3\xb6\xc3\x9f"
                        "e = 1"),
            2U);
}

}  // namespace
}  // namespace ward::codec
