#include "codec/pem.h"

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

using namespace std::string_literals;

const std::string kBlock = "-----BEGIN X-----\nAAEC\n-----END X-----\n";

struct Case {
  const char* name;
  std::string text;
  std::optional<Errc> want;  // nullopt: one block X of 000102
};

const Case kCases[] = {
    {"plain", kBlock, std::nullopt},
    {"no_final_line_end", kBlock.substr(0, kBlock.size() - 1), std::nullopt},
    {"crlf", "-----BEGIN X-----\r\nAAEC\r\n-----END X-----\r\n", std::nullopt},
    {"blanks_and_short_lines", "-----BEGIN X-----\nA A\n\tEC \n\n-----END X-----", std::nullopt},
    {"one_line", "-----BEGIN X-----AAEC-----END X-----", std::nullopt},
    {"text_around", "Subject: someone\n" + kBlock + "the end\n", std::nullopt},
    {"trailing_nul", kBlock + "\0"s, std::nullopt},
    {"two_trailing_nuls", kBlock + "\0\0"s, Errc::kMalformed},
    {"nul_before", "\0"s + kBlock, Errc::kMalformed},
    {"nothing", "", Errc::kTruncated},
    {"only_nul", "\0"s, Errc::kTruncated},
    {"text_only", "hello", Errc::kTruncated},
    {"no_end", "-----BEGIN X-----\nAAEC\n", Errc::kMalformed},
    {"end_cut", "-----BEGIN X-----\nAAEC\n-----END X----", Errc::kMalformed},
    {"end_of_another_label", "-----BEGIN X-----\nAAEC\n-----END Y-----", Errc::kMalformed},
    {"end_without_beginning", "-----END X-----\n" + kBlock, Errc::kMalformed},
    {"end_twice", kBlock + "-----END X-----\n", Errc::kMalformed},
    {"nested_beginning", "-----BEGIN X-----\n" + kBlock, Errc::kMalformed},
    {"empty_label", "-----BEGIN -----\nAAEC\n-----END -----", Errc::kMalformed},
    {"label_ends_blank", "-----BEGIN X -----\nAAEC\n-----END X -----", Errc::kMalformed},
    {"label_with_line_end", "-----BEGIN X\nY-----\nAAEC\n-----END X\nY-----", Errc::kMalformed},
    {"empty_body", "-----BEGIN X-----\n-----END X-----", Errc::kMalformed},
    {"no_padding", "-----BEGIN X-----\nAAE\n-----END X-----", Errc::kMalformed},
    {"stray_bits", "-----BEGIN X-----\nAAF=\n-----END X-----", Errc::kMalformed},
    {"url_alphabet", "-----BEGIN X-----\nAA_C\n-----END X-----", Errc::kMalformed},
    {"header_fields", "-----BEGIN X-----\nProc-Type: 4\n\nAAEC\n-----END X-----", Errc::kMalformed},
};

TEST(Pem, AcceptsRfc7468BlocksOnly) {
  for (const Case& c : kCases) {
    const auto got = parse_pem(c.text);
    ASSERT_EQ(got.has_value(), !c.want) << c.name;
    if (c.want) {
      EXPECT_EQ(got.error().code(), *c.want) << c.name;
    } else {
      ASSERT_EQ(got->size(), 1U) << c.name;
      EXPECT_EQ((*got)[0].label, "X") << c.name;
      EXPECT_EQ(to_hex((*got)[0].der), "000102") << c.name;
    }
  }
}

TEST(Pem, ReadsBlocksThatFollowWithoutLineEnd) {
  const auto got =
      parse_pem("-----BEGIN A-----AAEC-----END A----------BEGIN B-----AA==-----END B-----");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 2U);
  EXPECT_EQ((*got)[0].label, "A");
  EXPECT_EQ((*got)[1].label, "B");
}

TEST(Pem, WritesLinesOf64AndReadsThemBack) {
  for (const std::size_t size : {1U, 47U, 48U, 49U, 1000U}) {
    const Buffer der(size, 0xa5);
    const std::string text = to_pem("EC PRIVATE-KEY", der);
    std::size_t start = 0;
    for (std::size_t end = text.find('\n'); end != std::string::npos;
         end = text.find('\n', start)) {
      EXPECT_LE(end - start, 64U);
      start = end + 1;
    }
    EXPECT_EQ(start, text.size());
    const auto back = parse_pem(text);
    ASSERT_TRUE(back);
    EXPECT_EQ((*back)[0].label, "EC PRIVATE-KEY");
    EXPECT_EQ((*back)[0].der, der);
  }
}

TEST(Pem, EveryTruncationOfOneBlockIsRefused) {
  const std::string text = to_pem("CERTIFICATE", Buffer(100, 1));
  for (std::size_t n = 0; n + 1 < text.size(); ++n) {
    const auto got = parse_pem(std::string_view(text).substr(0, n));
    ASSERT_FALSE(got) << n;
    const bool begun = n >= std::string_view("-----BEGIN ").size();
    EXPECT_EQ(got.error().code(), begun ? Errc::kMalformed : Errc::kTruncated) << n;
  }
}

TEST(Pem, HoldsItsLimits) {
  std::string text;
  for (std::size_t i = 0; i < kMaxPemBlocks; ++i)
    text += kBlock;
  ASSERT_TRUE(parse_pem(text));
  text += kBlock;
  ASSERT_FALSE(parse_pem(text));
  EXPECT_EQ(parse_pem(text).error().code(), Errc::kLimit);

  std::string large = kBlock + std::string(kMaxPemBytes - kBlock.size(), ' ');
  EXPECT_TRUE(parse_pem(large));
  large += ' ';
  ASSERT_FALSE(parse_pem(large));
  EXPECT_EQ(parse_pem(large).error().code(), Errc::kLimit);

  const std::string label(64, 'L');
  EXPECT_TRUE(parse_pem(to_pem(label, Buffer{1})));
  EXPECT_FALSE(parse_pem(to_pem(label + "L", Buffer{1})));
}

}  // namespace
}  // namespace ward::codec
