#include "codec/cbor_write.h"

#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

TEST(CborWriter, SortsMembersByTheirKeysEncodings) {
  CborWriter w;
  w.begin_map().member("b", 1).member("aa", 2).member("a", 3).member(100, 4).member(-1, 5);
  w.member(10, Buffer{7}).name("c").begin_map().member("y", true).member("x", false).end_map();
  const auto out = w.end_map().take();
  ASSERT_TRUE(out);
  EXPECT_EQ(to_hex(*out),
            "a70a41071864042005616103616201"
            "6163a26178f46179f5"
            "62616102");
  EXPECT_TRUE(parse_cbor(*out));
}

TEST(CborWriter, PicksTheCallByTheType) {
  CborWriter w;
  w.begin_array().value(std::string("s")).value(Buffer{1}).value(std::array<std::uint8_t, 1>{2});
  w.value(std::optional<int>()).value(std::optional<int>(-3)).value(std::uint8_t{4}).value(true);
  const auto out = w.end_array().take();
  ASSERT_TRUE(out);
  EXPECT_EQ(to_hex(*out),
            "8761734101"
            "4102"
            "f62204f5");
}

TEST(CborWriter, WritesHeadsOfEveryWidth) {
  const std::pair<std::uint64_t, const char*> cases[] = {{23, "17"},
                                                         {24, "1818"},
                                                         {255, "18ff"},
                                                         {256, "190100"},
                                                         {65535, "19ffff"},
                                                         {65536, "1a00010000"},
                                                         {0xffffffff, "1affffffff"},
                                                         {0x100000000, "1b0000000100000000"}};
  for (const auto& [v, text] : cases) {
    CborWriter w;
    EXPECT_EQ(to_hex(*w.uint(v).take()), text);
  }
  CborWriter w;
  EXPECT_EQ(to_hex(*w.integer(std::numeric_limits<std::int64_t>::min()).take()),
            "3b7fffffffffffffff");
}

TEST(CborWriter, NestsNoDeeperThanTheReaderTakes) {
  for (const std::uint32_t depth : {kMaxCborDepth, kMaxCborDepth + 1}) {
    CborWriter w;
    for (std::uint32_t i = 0; i < depth; ++i) {
      if (i % 2 == 0) {
        w.tag(i);
      } else {
        w.begin_array();
      }
    }
    if (depth % 2 == 1) w.null();
    for (std::uint32_t i = 0; i < depth / 2; ++i)
      w.end_array();
    const auto out = w.take();
    ASSERT_EQ(out.has_value(), depth == kMaxCborDepth);
    if (out) {
      EXPECT_TRUE(parse_cbor(*out, {.max_depth = kMaxCborDepth}));
    } else {
      EXPECT_EQ(out.error().code(), Errc::kLimit);
    }
  }
}

struct Misuse {
  const char* name;
  Errc want;
  void (*calls)(CborWriter&);
};

const Misuse kMisuses[] = {
    {"nothing", Errc::kInternal, [](CborWriter&) {}},
    {"two_items", Errc::kInternal, [](CborWriter& w) { w.null().null(); }},
    {"open", Errc::kInternal, [](CborWriter& w) { w.begin_array(); }},
    {"wrong_end", Errc::kInternal, [](CborWriter& w) { w.begin_array().end_map(); }},
    {"end_alone", Errc::kInternal, [](CborWriter& w) { w.end_array(); }},
    {"tag_alone", Errc::kInternal, [](CborWriter& w) { w.tag(1); }},
    {"tag_before_end", Errc::kInternal, [](CborWriter& w) { w.begin_array().tag(1).end_array(); }},
    {"key_alone", Errc::kInternal, [](CborWriter& w) { w.begin_map().uint(1).end_map(); }},
    {"taken", Errc::kInternal, [](CborWriter& w) { EXPECT_TRUE(w.null().take()); }},
    {"key_twice", Errc::kMalformed,
     [](CborWriter& w) { w.begin_map().member("a", 1).member("b", 1).member("a", 2).end_map(); }},
    {"not_utf8", Errc::kMalformed, [](CborWriter& w) { w.text("\xff"); }},
    {"raw_two_items", Errc::kMalformed,
     [](CborWriter& w) {
       w.raw(Buffer{0, 0});
     }},
    {"raw_long_head", Errc::kMalformed,
     [](CborWriter& w) {
       w.raw(Buffer{0x18, 0});
     }},
    {"key_bool", Errc::kUnsupported, [](CborWriter& w) { w.begin_map().boolean(true); }},
    {"key_tag", Errc::kUnsupported, [](CborWriter& w) { w.begin_map().tag(0).uint(1); }},
    {"key_array", Errc::kUnsupported, [](CborWriter& w) { w.begin_map().begin_array(); }},
    {"key_raw_null", Errc::kUnsupported, [](CborWriter& w) { w.begin_map().raw(Buffer{0xf6}); }},
};

TEST(CborWriter, ReportsWhatItCannotWrite) {
  for (const Misuse& misuse : kMisuses) {
    SCOPED_TRACE(misuse.name);
    CborWriter w;
    misuse.calls(w);
    const auto out = w.take();
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code(), misuse.want);
  }
}

}  // namespace
}  // namespace ward::codec
