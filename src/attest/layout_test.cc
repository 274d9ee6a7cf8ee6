#include "attest/layout.h"

#include <gtest/gtest.h>

namespace ward::attest {
namespace {

TEST(Layout, WhatLiesBetweenIsFilled) {
  const Buffer whole = {0, 1, 2, 3, 4, 5, 6, 7};
  const Bytes all(whole);
  const auto out = fill_layout({octets_field(all, all.subspan(5, 2), "second", "octets"),
                                octets_field(all, all.subspan(1, 3), "first", "octets"),
                                octets_field(all, all.subspan(4, 0), "empty", "octets")},
                               all, "cbor");
  ASSERT_EQ(out.size(), 5U);
  const char* const names[] = {"between", "first", "between", "second", "between"};
  const char* const values[] = {"00", "010203", "04", "0506", "07"};
  std::size_t at = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    EXPECT_EQ(out[i].name, names[i]);
    EXPECT_EQ(out[i].value, values[i]);
    EXPECT_EQ(out[i].offset, at);
    at += out[i].size;
  }
  EXPECT_EQ(at, whole.size());
}

TEST(Layout, WithoutFieldsAllLiesBetween) {
  const Buffer whole = {1, 2};
  const auto out = fill_layout({}, whole, "cbor");
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].value, "0102");
  EXPECT_TRUE(fill_layout({}, {}, "cbor").empty());
}

}  // namespace
}  // namespace ward::attest
