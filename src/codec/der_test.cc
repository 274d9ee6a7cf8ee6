#include "codec/der.h"

#include <gtest/gtest.h>

namespace ward::codec {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value(); }

struct HeaderCase {
  const char* name;
  const char* in;
  std::optional<Errc> want;  // of der_document(in, SEQUENCE); nullopt: accepted
};

constexpr HeaderCase kHeaders[] = {
    {"empty", "", Errc::kTruncated},
    {"identifier_only", "30", Errc::kTruncated},
    {"empty_sequence", "3000", std::nullopt},
    {"contents_missing", "300205", Errc::kTruncated},
    {"length_octets_missing", "3082ff", Errc::kTruncated},
    {"long_form_contents_missing", "308200800500", Errc::kMalformed},
    {"long_form_length_of_128_short", "3081800500", Errc::kTruncated},
    {"another_type", "3100", Errc::kMalformed},
    {"trailing_byte", "300000", Errc::kMalformed},
    {"indefinite_length", "30800000", Errc::kMalformed},
    {"long_form_below_128", "30810105", Errc::kMalformed},
    {"leading_zero_length_octet", "308200ff", Errc::kMalformed},
    {"five_length_octets", "30850000000000", Errc::kMalformed},
    {"four_length_octets_short", "3084ffffffff00", Errc::kTruncated},
    {"reserved_length_ff", "30ff00", Errc::kMalformed},
    {"high_tag_number", "3f1f00", Errc::kMalformed},
    {"end_of_contents", "0000", Errc::kMalformed},
};

TEST(DerDocument, AcceptsOneDefiniteMinimalElementOnly) {
  for (const HeaderCase& c : kHeaders) {
    const Buffer in = hex(c.in);
    const auto got = der_document(in, der_tag::kSequence);
    ASSERT_EQ(got.has_value(), !c.want) << c.name;
    if (c.want) {
      EXPECT_EQ(got.error().code(), *c.want) << c.name;
    }
  }
}

// One refused or accepted encoding of a primitive type; a refusal must consume nothing.
template <class Take>
void expect_taken(const char* in, bool want, Take take) {
  const Buffer bytes = hex(in);
  DerReader r(bytes);
  EXPECT_EQ(take(r), want) << in;
  EXPECT_EQ(r.offset(), want ? bytes.size() : 0) << in;
}

TEST(DerReader, TakesBooleansOf00AndFfOnly) {
  const auto take = [](DerReader& r) {
    bool v = false;
    return r.boolean(v);
  };
  for (const char* good : {"010100", "0101ff"})
    expect_taken(good, true, take);
  for (const char* bad : {"010101", "0100", "0102ffff", "020100"})
    expect_taken(bad, false, take);
}

TEST(DerReader, TakesMinimalIntegersOnly) {
  const auto take = [](DerReader& r) {
    Bytes v;
    return r.integer(v);
  };
  for (const char* good : {"020100", "02017f", "02020080", "020180", "0202ff7f"})
    expect_taken(good, true, take);
  for (const char* bad : {"0200", "0202007f", "0202ff80", "02020000", "0202ffff", "0a0101"})
    expect_taken(bad, false, take);
}

TEST(DerReader, SmallUintTakesWhatFits64Bits) {
  const auto take = [](DerReader& r) {
    std::uint64_t v = 0;
    return r.small_uint(v);
  };
  for (const char* good : {"020100", "020900ffffffffffffffff", "02087fffffffffffffff"})
    expect_taken(good, true, take);
  for (const char* bad : {"0201ff", "0209010000000000000000", "0200", "020a0100000000000000ffff"})
    expect_taken(bad, false, take);
  const Buffer max = hex("020900ffffffffffffffff");
  DerReader r(max);
  std::uint64_t v = 0;
  ASSERT_TRUE(r.small_uint(v));
  EXPECT_EQ(v, UINT64_MAX);
}

TEST(DerReader, BitStringsHaveZeroUnusedBits) {
  const auto whole = [](DerReader& r) {
    Bytes v;
    return r.bit_string(v);
  };
  const auto general = [](DerReader& r) {
    Bytes v;
    std::uint8_t unused = 0;
    return r.bit_string(v, unused);
  };
  expect_taken("030100", true, whole);
  expect_taken("030200ff", true, whole);
  expect_taken("03020186", false, whole);
  expect_taken("03020186", true, general);
  expect_taken("03020780", true, general);
  for (const char* bad : {"0300", "030101", "03020801", "03020187", "030307ffff", "230400030100"})
    expect_taken(bad, false, general);
}

TEST(DerReader, NullHasNoContents) {
  const auto take = [](DerReader& r) { return r.null(); };
  expect_taken("0500", true, take);
  expect_taken("050100", false, take);
}

TEST(DerReader, ObjectIdentifiersAreWellFormed) {
  const auto take = [](DerReader& r) {
    Bytes v;
    return r.oid(v);
  };
  for (const char* good : {"06032a0304", "060129", "06022a00", "0603550406"})
    expect_taken(good, true, take);
  for (const char* bad : {"0600", "06022a80", "06032a8001", "060180"})
    expect_taken(bad, false, take);
}

struct TimeCase {
  const char* name;
  std::uint8_t tag;
  const char* text;
  const char* want;  // RFC 3339, or nullptr where refused
};

constexpr TimeCase kTimes[] = {
    {"utc_2018", der_tag::kUtcTime, "180521104508Z", "2018-05-21T10:45:08Z"},
    {"utc_1950", der_tag::kUtcTime, "500101000000Z", "1950-01-01T00:00:00Z"},
    {"utc_2049", der_tag::kUtcTime, "491231235959Z", "2049-12-31T23:59:59Z"},
    {"generalized_9999", der_tag::kGeneralizedTime, "99991231235959Z", "9999-12-31T23:59:59Z"},
    {"generalized_before_2050", der_tag::kGeneralizedTime, "20020101000000Z",
     "2002-01-01T00:00:00Z"},
    {"no_seconds", der_tag::kUtcTime, "1805211045Z", nullptr},
    {"offset", der_tag::kUtcTime, "180521104508+0000", nullptr},
    {"no_zone", der_tag::kUtcTime, "1805211045080", nullptr},
    {"fraction", der_tag::kGeneralizedTime, "20180521104508.1Z", nullptr},
    {"second_60", der_tag::kUtcTime, "180521104560Z", nullptr},
    {"hour_24", der_tag::kUtcTime, "180521240000Z", nullptr},
    {"month_13", der_tag::kUtcTime, "181321104508Z", nullptr},
    {"day_30_february", der_tag::kUtcTime, "180230104508Z", nullptr},
    {"blank_for_digit", der_tag::kUtcTime, "18052110450 Z", nullptr},
    {"lower_case_z", der_tag::kUtcTime, "180521104508z", nullptr},
    {"generalized_with_utc_tag", der_tag::kUtcTime, "20180521104508Z", nullptr},
    {"utc_with_generalized_tag", der_tag::kGeneralizedTime, "180521104508Z", nullptr},
    {"another_type", der_tag::kIa5String, "180521104508Z", nullptr},
    {"empty", der_tag::kUtcTime, "", nullptr},
};

TEST(DerReader, TakesTheTwoTimeFormsOfRfc5280Only) {
  for (const TimeCase& c : kTimes) {
    DerWriter w;
    w.element(c.tag, as_bytes(c.text));
    DerReader r(w.view());
    UnixTime got;
    ASSERT_EQ(r.time(got), c.want != nullptr) << c.name;
    if (c.want != nullptr) {
      EXPECT_EQ(format_rfc3339(got), c.want) << c.name;
    } else {
      EXPECT_EQ(r.offset(), 0U) << c.name;
    }
  }
}

TEST(DerReader, NestedStaysWithinItsElement) {
  const Buffer in = hex("30030201010500");
  DerReader r(in);
  DerReader inner({});
  EXPECT_FALSE(r.nested(der_tag::kSet, inner));
  ASSERT_TRUE(r.nested(der_tag::kSequence, inner));
  std::uint64_t v = 0;
  ASSERT_TRUE(inner.small_uint(v));
  EXPECT_TRUE(inner.empty());
  EXPECT_FALSE(inner.null());
  EXPECT_TRUE(r.null());
  EXPECT_TRUE(r.empty());
  EXPECT_EQ(r.peek(), std::nullopt);
}

TEST(DerWriter, WritesWhatTheReaderReads) {
  DerWriter w;
  w.boolean(true);
  w.small_uint(0x80);
  w.unsigned_integer(hex("0000ff01"));
  w.bit_string(hex("a0"), 5);
  w.octet_string(hex("0102"));
  w.null();
  w.oid(*der_oid("1.2.840.113741.1.13.1"));
  EXPECT_EQ(to_hex(w.view()),
            "0101ff"
            "02020080"
            "020300ff01"
            "030205a0"
            "04020102"
            "0500"
            "06092a864886f84d010d01");
}

TEST(DerWriter, UsesTheShortestLengthForm) {
  for (const std::size_t size : {0U, 127U, 128U, 255U, 256U, 65535U, 65536U}) {
    DerWriter w;
    w.octet_string(Buffer(size, 7));
    const auto back = der_document(w.view(), der_tag::kOctetString);
    ASSERT_TRUE(back) << size;
    EXPECT_EQ(back->contents.size(), size);
  }
}

TEST(DerWriter, PicksTheTimeFormByYear) {
  for (const char* text : {"1949-12-31T23:59:59Z", "1950-01-01T00:00:00Z", "2049-12-31T23:59:59Z",
                           "2050-01-01T00:00:00Z", "0000-01-01T00:00:00Z"}) {
    const UnixTime want = *parse_rfc3339(text);
    DerWriter w;
    w.time(want);
    DerReader r(w.view());
    const std::string year(text, 4);
    EXPECT_EQ(*r.peek(),
              year >= "1950" && year < "2050" ? der_tag::kUtcTime : der_tag::kGeneralizedTime);
    UnixTime got;
    ASSERT_TRUE(r.time(got)) << text;
    EXPECT_EQ(got, want) << text;
  }
}

TEST(DerOid, TextAndContentsAreInverse) {
  for (const char* dotted : {"0.0", "1.39", "2.0", "2.999.3", "2.5.4.3", "1.2.840.10045.4.3.2",
                             "2.25.9223372036854775807", "1.3.18446744073709551615"}) {
    const auto contents = der_oid(dotted);
    ASSERT_TRUE(contents) << dotted;
    EXPECT_EQ(der_oid_text(*contents), dotted);
  }
  EXPECT_EQ(der_oid_text(hex("883703")), "2.999.3");  // X.690 section 8.19.5
}

TEST(DerOid, RefusesMalformedText) {
  for (const char* bad : {"", "1", "1.", ".1", "1..2", "3.1", "0.40", "1.40", "1.2.a", "01.2",
                          "1.02", "1.2.-3", "1.2.3 ", "1.2.18446744073709551616"}) {
    EXPECT_FALSE(der_oid(bad)) << bad;
  }
  EXPECT_EQ(der_oid_text(hex("2a80")), "#2a80");
  EXPECT_EQ(der_oid_text(hex("2b8280808080808080807f")), "#2b8280808080808080807f");  // 65 bits
}

}  // namespace
}  // namespace ward::codec
