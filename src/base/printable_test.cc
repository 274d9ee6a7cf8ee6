#include "base/printable.h"

#include <gtest/gtest.h>

namespace ward {
namespace {

TEST(ForTerminal, WhatATerminalObeysIsReplacedAndTextIsNot) {
  EXPECT_EQ(for_terminal("plain, h\xc3\xa9, \xe2\x80\x94"), "plain, h\xc3\xa9, \xe2\x80\x94");
  EXPECT_EQ(for_terminal("a\x1b[31mb\nc\x7f"), "a?[31mb?c?");
  EXPECT_EQ(for_terminal("a\xc2\x9b"
                         "b"),
            "a?b");
  EXPECT_EQ(for_terminal("a\xe2\x80\xae"
                         "b\xe2\x81\xa6"
                         "c"),
            "a?b?c");
  EXPECT_EQ(for_terminal("\xe2\x80"), "\xe2\x80");
  EXPECT_EQ(for_terminal("\xc2"), "\xc2");
}

}  // namespace
}  // namespace ward
