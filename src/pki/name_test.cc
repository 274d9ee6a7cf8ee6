#include "pki/name.h"

#include <optional>

#include <gtest/gtest.h>

#include "codec/der.h"
#include "pki/general_name.h"
#include "pki/oid.h"

namespace ward::pki {
namespace {

namespace tag = codec::der_tag;
using codec::DerWriter;
using Kind = GeneralName::Kind;

Buffer attribute(Bytes type, std::uint8_t string_type, std::string_view value) {
  DerWriter fields;
  fields.oid(type);
  fields.element(string_type, as_bytes(value));
  DerWriter out;
  out.element(tag::kSequence, fields.view());
  return out.take();
}

Buffer wrapped(std::uint8_t type, std::initializer_list<Bytes> parts) {
  DerWriter out;
  out.element(type, concat(parts));
  return out.take();
}

Name cn(std::uint8_t string_type, std::string_view value) {
  return Name(wrapped(tag::kSequence,
                      {wrapped(tag::kSet, {attribute(oid::kCommonName, string_type, value)})}));
}

constexpr std::uint8_t kTeletex = 0x14;

struct Pair {
  const char* name;
  std::uint8_t a_type;
  const char* a;
  std::uint8_t b_type;
  const char* b;
  bool same;
};

constexpr Pair kPairs[] = {
    {"equal", tag::kPrintableString, "Ab", tag::kPrintableString, "Ab", true},
    {"case", tag::kPrintableString, "Ab", tag::kPrintableString, "aB", true},
    {"inner_blanks", tag::kPrintableString, "a b", tag::kPrintableString, "a   b", true},
    {"outer_blanks", tag::kPrintableString, " a ", tag::kPrintableString, "a", true},
    {"blank_or_none", tag::kPrintableString, "a b", tag::kPrintableString, "ab", false},
    {"string_types", tag::kPrintableString, "Ab", tag::kUtf8String, "aB", true},
    {"longer", tag::kUtf8String, "a", tag::kUtf8String, "ab", false},
    {"letters_beyond_ascii", tag::kUtf8String, "\xc3\x89", tag::kUtf8String, "\xc3\xa9", false},
    {"same_beyond_ascii", tag::kUtf8String, "\xc3\x89", tag::kUtf8String, "\xc3\x89", true},
    {"ia5_case", tag::kIa5String, "Ab", tag::kIa5String, "aB", true},
    {"ia5_blanks", tag::kIa5String, "a b", tag::kIa5String, "a  b", false},
    {"ia5_and_utf8", tag::kIa5String, "a", tag::kUtf8String, "a", false},
    {"teletex_equal", kTeletex, "a", kTeletex, "a", true},
    {"teletex_case", kTeletex, "a", kTeletex, "A", false},
};

TEST(Name, MatchesByRfc5280Section71) {
  for (const Pair& c : kPairs) {
    const Name a = cn(c.a_type, c.a);
    const Name b = cn(c.b_type, c.b);
    EXPECT_EQ(a.matches(b), c.same) << c.name;
    EXPECT_EQ(b.matches(a), c.same) << c.name;
  }
}

TEST(Name, OrderMattersBetweenRdnsAndNotWithin) {
  const Buffer a = attribute(oid::kOrganization, tag::kUtf8String, "a");
  const Buffer b = attribute(oid::kUnit, tag::kUtf8String, "b");
  const auto two = [](Bytes x, Bytes y) {
    return Name(wrapped(tag::kSequence, {wrapped(tag::kSet, {x}), wrapped(tag::kSet, {y})}));
  };
  const auto set = [](Bytes x, Bytes y) {
    return Name(wrapped(tag::kSequence, {wrapped(tag::kSet, {x, y})}));
  };
  EXPECT_FALSE(two(a, b).matches(two(b, a)));
  EXPECT_TRUE(set(a, b).matches(set(b, a)));
  EXPECT_FALSE(set(a, b).matches(set(a, a)));
  EXPECT_FALSE(set(a, b).matches(two(a, b)));
  EXPECT_TRUE(two(a, b).within(Name(wrapped(tag::kSequence, {wrapped(tag::kSet, {a})}))));
  EXPECT_FALSE(two(a, b).within(Name(wrapped(tag::kSequence, {wrapped(tag::kSet, {b})}))));
}

TEST(Name, MalformedMatchesNothing) {
  const Name bad(Bytes{});
  EXPECT_FALSE(bad.matches(bad));
  EXPECT_FALSE(bad.within(bad));
  EXPECT_EQ(bad.text(), "");
  EXPECT_EQ(bad.common_name(), "");
}

// What is read without keeping it is what parse_rdns reads, cut and altered at every octet; and
// what it does not read matches not even itself.
TEST(Name, ReadsTheSameWithAndWithoutKeeping) {
  const Buffer a = attribute(oid::kOrganization, tag::kUtf8String, "a");
  const Buffer b = attribute(oid::kUnit, tag::kPrintableString, "b");
  const Buffer whole =
      wrapped(tag::kSequence, {wrapped(tag::kSet, {a, b}), wrapped(tag::kSet, {b})});
  std::size_t refused = 0;
  const auto judge = [&refused](Bytes der) {
    const auto rdns = parse_rdns(der);
    const Name name(der);
    EXPECT_EQ(well_formed_name(der), rdns.has_value()) << to_hex(der);
    EXPECT_EQ(name.matches(name), rdns.has_value()) << to_hex(der);
    EXPECT_EQ(name.within(name), rdns.has_value()) << to_hex(der);
    EXPECT_EQ(name.empty(), rdns.has_value() && rdns->empty()) << to_hex(der);
    if (!rdns) ++refused;
  };
  for (std::size_t i = 0; i < whole.size(); ++i) {
    judge(Bytes(whole).first(i));
    for (const int by : {1, 0x7f, 0x80}) {
      Buffer altered = whole;
      altered[i] = static_cast<std::uint8_t>(altered[i] + by);
      judge(altered);
      EXPECT_EQ(Name(altered).matches(Name(whole)), Name(whole).matches(Name(altered)));
    }
  }
  judge(whole);
  judge(wrapped(tag::kSequence, {}));
  EXPECT_GT(refused, whole.size());
}

TEST(Name, HoldsItsLimit) {
  const Buffer rdn = wrapped(tag::kSet, {attribute(oid::kUnit, tag::kUtf8String, "a")});
  Buffer rdns;
  for (std::size_t i = 0; i < kMaxNameAttributes; ++i)
    rdns.insert(rdns.end(), rdn.begin(), rdn.end());
  EXPECT_TRUE(parse_rdns(wrapped(tag::kSequence, {rdns})));
  EXPECT_FALSE(parse_rdns(wrapped(tag::kSequence, {rdns, rdn})));
  const Name above(wrapped(tag::kSequence, {rdns, rdn}));
  EXPECT_FALSE(above.matches(above));
  EXPECT_FALSE(above.within(Name(wrapped(tag::kSequence, {rdn}))));
}

TEST(Name, TextHidesControlCharactersAndMarksCommas) {
  EXPECT_EQ(cn(tag::kUtf8String, "a,b\n\x1b[1m\\").text(), "CN=a\\,b??[1m\\\\");
  EXPECT_EQ(cn(tag::kUtf8String, "Intel SGX Root CA").common_name(), "Intel SGX Root CA");
}

GeneralName named(Kind kind, std::string_view value) { return {kind, to_buffer(as_bytes(value))}; }

struct Constraint {
  const char* name;
  Kind kind;
  const char* base;
  const char* value;
  bool permitted;  // by a permitted subtree
  bool excluded;   // by an excluded one
};

constexpr Constraint kConstraints[] = {
    {"dns_same", Kind::kDns, "a.example", "A.example", true, true},
    {"dns_below", Kind::kDns, "a.example", "b.a.example", true, true},
    {"dns_no_label_boundary", Kind::kDns, "a.example", "ba.example", false, false},
    {"dns_above", Kind::kDns, "a.example", "example", false, false},
    {"dns_dot_excludes_itself", Kind::kDns, ".a.example", "a.example", false, false},
    {"dns_dot_below", Kind::kDns, ".a.example", "b.a.example", true, true},
    {"dns_everything", Kind::kDns, "", "b", true, true},
    {"mail_mailbox", Kind::kRfc822, "x@a.example", "x@A.example", true, true},
    {"mail_other_mailbox", Kind::kRfc822, "x@a.example", "X@a.example", false, false},
    {"mail_host", Kind::kRfc822, "a.example", "x@a.example", true, true},
    {"mail_below_host", Kind::kRfc822, "a.example", "x@b.a.example", false, false},
    {"mail_domain", Kind::kRfc822, ".a.example", "x@b.a.example", true, true},
    {"mail_domain_itself", Kind::kRfc822, ".a.example", "x@a.example", false, false},
    {"mail_no_mailbox", Kind::kRfc822, "a.example", "x", false, true},
    {"uri_host", Kind::kUri, "a.example", "https://u@A.example:1/p", true, true},
    {"uri_below_host", Kind::kUri, "a.example", "https://b.a.example/", false, false},
    {"uri_domain", Kind::kUri, ".a.example", "https://b.a.example", true, true},
    {"uri_no_host", Kind::kUri, "a.example", "urn:a.example", false, true},
    {"uri_address", Kind::kUri, "a.example", "https://192.0.2.1/", false, true},
    {"ip_within", Kind::kIp, "\x0a\x01\x02\x03\xff\xff\xff\xff", "\x0a\x01\x02\x03", true, true},
    {"ip_outside", Kind::kIp, "\x0a\x01\x02\x03\xff\xff\xff\xff", "\x0a\x01\x02\x04", false, false},
    {"ip_masked", Kind::kIp, "\x0a\x01\x02\x03\xff\xff\xff\xf8", "\x0a\x01\x02\x04", true, true},
    {"ip_other_length", Kind::kIp, "\x0a\x01\x02\x03\xff\xff\xff\xff", "\x0a\x01\x02", false,
     false},
    {"kind_not_processed", Kind::kRegisteredId, "a", "a", false, true},
};

TEST(NameConstraints, PermitAndExcludeByKind) {
  for (const Constraint& c : kConstraints) {
    const GeneralName value = named(c.kind, c.value);
    EXPECT_EQ(permits({.permitted = {named(c.kind, c.base)}}, value), c.permitted) << c.name;
    EXPECT_EQ(permits({.excluded = {named(c.kind, c.base)}}, value), !c.excluded) << c.name;
  }
}

TEST(NameConstraints, SayNothingOfOtherKinds) {
  const NameConstraints only_dns{.permitted = {named(Kind::kDns, "a.example")},
                                 .excluded = {named(Kind::kDns, "b.a.example")}};
  EXPECT_TRUE(permits(only_dns, named(Kind::kRfc822, "x@b.example")));
  EXPECT_TRUE(permits(only_dns, named(Kind::kDns, "c.a.example")));
  EXPECT_FALSE(permits(only_dns, named(Kind::kDns, "b.a.example")));
}

struct Form {
  const char* name;
  const char* in;
  std::optional<Errc> want;
};

constexpr Form kForms[] = {
    {"permitted", "3009a00730058203657861", std::nullopt},
    {"empty", "3000", Errc::kMalformed},
    {"no_subtree", "3002a000", Errc::kMalformed},
    {"minimum", "300ca00a30088203657861800101", Errc::kUnsupported},
    {"maximum", "300ca00a30088203657861810101", Errc::kUnsupported},
    {"control_character", "3009a0073005820365780a", Errc::kMalformed},
    {"name_of_kind_9", "3006a00430028900", Errc::kMalformed},
    {"dns_constructed", "3006a0043002a200", Errc::kMalformed},
    {"trailing", "300ba007300582036578610500", Errc::kMalformed},
    {"cut", "3009a007", Errc::kTruncated},
};

TEST(NameConstraints, ParseOneFormOnly) {
  for (const Form& c : kForms) {
    const auto got = parse_name_constraints(*from_hex(c.in));
    ASSERT_EQ(got.has_value(), !c.want) << c.name;
    if (c.want) {
      EXPECT_EQ(got.error().code(), *c.want) << c.name;
    }
  }
}

}  // namespace
}  // namespace ward::pki
