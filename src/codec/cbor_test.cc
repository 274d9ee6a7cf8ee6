#include "codec/cbor.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "base/reader.h"
#include "codec/cbor_write.h"
#include "test/support/vectors.h"

namespace ward::codec {
namespace {

Buffer hex(std::string_view text) { return from_hex(text).value_or(Buffer{}); }

Errc refusal(Bytes document, CborRules rules = CborRules::kDeterministic) {
  const auto r = parse_cbor(document, {}, rules);
  EXPECT_FALSE(r) << to_hex(document);
  return r ? Errc::kInternal : r.error().code();
}

// Writes a parsed item again, call by call.
void rewrite(CborWriter& w, const CborValue& v) {
  switch (v.kind()) {
    case CborValue::Kind::kUint:
      w.uint(v.as_uint().value_or(0));
      return;
    case CborValue::Kind::kNegative:
      if (v.as_int()) {
        w.integer(*v.as_int());
      } else {
        w.raw(v.encoding());
      }
      return;
    case CborValue::Kind::kBytes:
      w.bytes(v.as_bytes().value_or(Bytes{}));
      return;
    case CborValue::Kind::kText:
      w.text(v.as_text().value_or(""));
      return;
    case CborValue::Kind::kBool:
      w.boolean(v.as_bool().value_or(false));
      return;
    case CborValue::Kind::kNull:
      w.null();
      return;
    case CborValue::Kind::kTag:
      w.tag(v.as_tag().value_or(0));
      rewrite(w, v.items().front());
      return;
    case CborValue::Kind::kArray:
      w.begin_array();
      for (const CborValue& item : v.items())
        rewrite(w, item);
      w.end_array();
      return;
    case CborValue::Kind::kMap:
      w.begin_map();
      for (auto it = v.members().rbegin(); it != v.members().rend(); ++it) {  // the writer sorts
        rewrite(w, it->first);
        rewrite(w, it->second);
      }
      w.end_map();
      return;
  }
}

// RFC 8949 appendix A, the rows of ward's subset.
constexpr const char* kAppendixA[] = {
    "00",
    "01",
    "0a",
    "17",
    "1818",
    "1819",
    "1864",
    "1903e8",
    "1a000f4240",
    "1b000000e8d4a51000",
    "1bffffffffffffffff",
    "c249010000000000000000",
    "3bffffffffffffffff",
    "c349010000000000000000",
    "20",
    "29",
    "3863",
    "3903e7",
    "f4",
    "f5",
    "f6",
    "c074323031332d30332d32315432303a30343a30305a",
    "c11a514b67b0",
    "d74401020304",
    "d818456449455446",
    "d82076687474703a2f2f7777772e6578616d706c652e636f6d",
    "40",
    "4401020304",
    "60",
    "6161",
    "6449455446",
    "62225c",
    "62c3bc",
    "63e6b0b4",
    "64f0908591",
    "80",
    "83010203",
    "8301820203820405",
    "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
    "a0",
    "a201020304",
    "a26161016162820203",
    "826161a161626163",
    "a56161614161626142616361436164614461656145",
};

TEST(Cbor, ReadsAndWritesAppendixA) {
  for (const char* text : kAppendixA) {
    SCOPED_TRACE(text);
    const Buffer in = hex(text);
    ASSERT_FALSE(in.empty());
    const auto value = parse_cbor(in);
    ASSERT_TRUE(value) << value.error().what();
    EXPECT_TRUE(equal(value->encoding(), in));
    CborWriter w;
    rewrite(w, *value);
    const auto out = w.take();
    ASSERT_TRUE(out) << out.error().what();
    EXPECT_EQ(to_hex(*out), text);
  }
}

struct Refused {
  const char* name;
  const char* hex;
  Errc want;
};

// The rows of appendix A outside the subset, RFC 8949 appendix F's ill-formed items, and what
// section 4.2.1 forbids.
constexpr Refused kRefused[] = {
    {"half", "f90000", Errc::kUnsupported},
    {"half_nan", "f97e00", Errc::kUnsupported},
    {"single", "fa47c35000", Errc::kUnsupported},
    {"double", "fb3ff199999999999a", Errc::kUnsupported},
    {"undefined", "f7", Errc::kUnsupported},
    {"simple_16", "f0", Errc::kUnsupported},
    {"simple_255", "f8ff", Errc::kUnsupported},
    {"simple_24_in_two_octets", "f818", Errc::kMalformed},
    {"false_in_two_octets", "f814", Errc::kMalformed},
    {"indefinite_bytes", "5f42010243030405ff", Errc::kMalformed},
    {"indefinite_text", "7f657374726561646d696e67ff", Errc::kMalformed},
    {"indefinite_array", "9fff", Errc::kMalformed},
    {"indefinite_map", "bf61610161629f0203ffff", Errc::kMalformed},
    {"break", "ff", Errc::kMalformed},
    {"break_in_array", "81ff", Errc::kMalformed},
    {"reserved_28", "1c", Errc::kMalformed},
    {"reserved_29", "3d", Errc::kMalformed},
    {"reserved_30", "5e", Errc::kMalformed},
    {"reserved_simple", "fc", Errc::kMalformed},
    {"uint_indefinite", "1f", Errc::kMalformed},
    {"tag_indefinite", "df00", Errc::kMalformed},
    {"long_head_8", "1817", Errc::kMalformed},
    {"long_head_16", "1900ff", Errc::kMalformed},
    {"long_head_32", "1a0000ffff", Errc::kMalformed},
    {"long_head_64", "1b00000000ffffffff", Errc::kMalformed},
    {"long_negative", "3817", Errc::kMalformed},
    {"long_bytes", "580100", Errc::kMalformed},
    {"long_text", "780161", Errc::kMalformed},
    {"long_array", "980100", Errc::kMalformed},
    {"long_map", "b80100f6", Errc::kMalformed},
    {"long_tag", "d80100", Errc::kMalformed},
    {"no_octets", "", Errc::kTruncated},
    {"head_8", "18", Errc::kTruncated},
    {"head_16", "1901", Errc::kTruncated},
    {"head_32", "1a010203", Errc::kTruncated},
    {"head_64", "1b01020304050607", Errc::kTruncated},
    {"bytes_short", "4101020304", Errc::kMalformed},
    {"bytes_long", "450102", Errc::kTruncated},
    {"bytes_huge", "5bffffffffffffffff00", Errc::kTruncated},
    {"text_huge", "7b7fffffffffffffff00", Errc::kTruncated},
    {"array_short", "818283", Errc::kTruncated},
    {"array_huge", "9bffffffffffffffff00", Errc::kTruncated},
    {"map_huge", "bb80000000000000000000", Errc::kTruncated},
    {"map_key_alone", "a100", Errc::kTruncated},
    {"tag_alone", "c0", Errc::kTruncated},
    {"trailing", "0000", Errc::kMalformed},
    {"text_overlong", "62c080", Errc::kMalformed},
    {"text_surrogate", "63eda080", Errc::kMalformed},
    {"text_cut", "61c3", Errc::kMalformed},
    {"keys_twice", "a200000000", Errc::kMalformed},
    {"keys_unsorted", "a201000000", Errc::kMalformed},
    {"keys_by_length_first", "a261610019010000", Errc::kMalformed},
    {"text_key_before_int", "a2616100186400", Errc::kMalformed},
    {"key_array", "a18000", Errc::kUnsupported},
    {"key_map", "a1a000", Errc::kUnsupported},
    {"key_tag", "a1c00000", Errc::kUnsupported},
    {"key_bool", "a1f500", Errc::kUnsupported},
    {"key_null", "a1f600", Errc::kUnsupported},
};

TEST(Cbor, RefusesWhatIsNotDeterministicOrNotInTheSubset) {
  for (const Refused& c : kRefused) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(refusal(hex(c.hex)), c.want);
  }
}

TEST(Cbor, ForeignMapsMayHaveAnyOrderButNoKeyTwice) {
  EXPECT_TRUE(parse_cbor(hex("a201000000"), {}, CborRules::kForeign));
  EXPECT_TRUE(parse_cbor(hex("a2616100186400"), {}, CborRules::kForeign));
  EXPECT_EQ(refusal(hex("a3010000000100"), CborRules::kForeign), Errc::kMalformed);
  EXPECT_EQ(refusal(hex("bf010000000100ff"), CborRules::kForeign), Errc::kMalformed);
  EXPECT_EQ(refusal(hex("a20100180100"), CborRules::kForeign), Errc::kMalformed);
}

// RFC 8949 appendix A's containers of indefinite length, beside the definite ones that mean the
// same.
TEST(Cbor, ForeignContainersMayBeOfIndefiniteLength) {
  const std::pair<const char*, const char*> cases[] = {
      {"9fff", "80"},
      {"9f018202039f0405ffff", "8301820203820405"},
      {"83018202039f0405ff", "8301820203820405"},
      {"83019f0203ff820405", "8301820203820405"},
      {"bf61610161629f0203ffff", "a26161016162820203"},
      {"826161bf61626163ff", "826161a161626163"},
      {"bfff", "a0"},
  };
  for (const auto& [indefinite, definite] : cases) {
    SCOPED_TRACE(indefinite);
    const Buffer in = hex(indefinite);
    EXPECT_EQ(refusal(in), Errc::kMalformed);
    const auto value = parse_cbor(in, {}, CborRules::kForeign);
    ASSERT_TRUE(value) << value.error().what();
    EXPECT_TRUE(equal(value->encoding(), in));
    CborWriter w;
    rewrite(w, *value);
    EXPECT_EQ(to_hex(*w.take()), definite);
    for (std::size_t n = 0; n < in.size(); ++n)
      EXPECT_EQ(refusal(Bytes(in).first(n), CborRules::kForeign), Errc::kTruncated) << n;
  }
}

TEST(Cbor, ForeignDocumentsAreBoundedAndWellFormedToo) {
  const Refused cases[] = {
      {"indefinite_bytes", "5f42010243030405ff", Errc::kMalformed},
      {"indefinite_text", "7f657374726561646d696e67ff", Errc::kMalformed},
      {"indefinite_uint", "1f", Errc::kMalformed},
      {"indefinite_tag", "df00", Errc::kMalformed},
      {"break_alone", "ff", Errc::kMalformed},
      {"break_in_definite_array", "81ff", Errc::kMalformed},
      {"break_for_a_value", "bf00ff", Errc::kMalformed},
      {"break_in_a_tag", "c0ff", Errc::kMalformed},
      {"long_head", "1817", Errc::kMalformed},
      {"double", "fb3ff199999999999a", Errc::kUnsupported},
  };
  for (const Refused& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(refusal(hex(c.hex), CborRules::kForeign), c.want);
  }
  EXPECT_EQ(refusal(Buffer(1U << 20U, 0x9f), CborRules::kForeign), Errc::kLimit);
  const Buffer three = hex("9f0001ff");
  EXPECT_TRUE(parse_cbor(three, {.max_items = 3}, CborRules::kForeign));
  EXPECT_EQ(parse_cbor(three, {.max_items = 2}, CborRules::kForeign).error().code(), Errc::kLimit);
}

// The payload of a COSE_Sign1 (RFC 9052 section 4.2), with or without its tag.
Bytes cose_payload(const CborValue& value) {
  const CborValue* array = value.tagged(18) != nullptr ? value.tagged(18) : &value;
  if (array->items().size() != 4) return {};
  return array->items()[2].as_bytes().value_or(Bytes{});
}

// The document inside dstack's SCALE wrapping: two octets, a compact length of two octets (the two
// low bits 01), the document, and more.
Bytes unwrapped(Bytes file) {
  Reader r(file);
  std::uint16_t head = 0;
  std::uint16_t size = 0;
  Bytes document;
  if (!r.u16le(head) || !r.u16le(size) || size % 4 != 1 || !r.bytes(size / 4U, document)) return {};
  return document;
}

TEST(Cbor, ReadsNitroDocumentsWithMapsOfIndefiniteLength) {
  WARD_NEED_VECTORS();
  const std::pair<const char*, bool> files[] = {
      {"dstack_nitro_attestation.bin", true},
      {"dstack_nitro_attestation_dbg.bin", true},
      {"dstack_nsm_nitro_attestation.bin", true},
      {"veracruz_doc_bad_sig.cbor", false},
  };
  for (const auto& [name, wrapped] : files) {
    SCOPED_TRACE(name);
    const Buffer file = test::read_file(test::vectors_dir() / "nitro" / name);
    const auto outer = parse_cbor(wrapped ? unwrapped(file) : Bytes(file));
    ASSERT_TRUE(outer) << outer.error().what();
    const auto document = parse_cbor(cose_payload(*outer), {}, CborRules::kForeign);
    ASSERT_TRUE(document) << document.error().what();
    ASSERT_NE(document->find("digest"), nullptr);
    EXPECT_EQ(document->find("digest")->as_text(), "SHA384");
    ASSERT_NE(document->find("pcrs"), nullptr);
    ASSERT_NE(document->find("pcrs")->find(0), nullptr);
    EXPECT_EQ(document->find("pcrs")->find(0)->as_bytes().value_or(Bytes{}).size(), 48U);
  }
}

TEST(Cbor, ReadsArmCcaTokens) {
  WARD_NEED_VECTORS();
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::vectors_dir() / "cca")) {
    if (entry.path().extension() != ".cbor") continue;
    SCOPED_TRACE(entry.path().filename());
    const Buffer file = test::read_file(entry.path());
    EXPECT_TRUE(parse_cbor(file, {}, CborRules::kForeign));
    ++count;
  }
  EXPECT_EQ(count, 8U);
}

TEST(Cbor, GivesTypedValues) {
  const Buffer doc =
      hex("a700010138ff0243010203036161"
          "04d8188100"
          "6161f5"
          "6162f6");
  const auto v = parse_cbor(doc);
  ASSERT_TRUE(v) << v.error().what();
  EXPECT_EQ(v->find(0)->as_uint(), 1U);
  EXPECT_EQ(v->find(0)->as_int(), 1);
  EXPECT_EQ(v->find(1)->as_int(), -256);
  EXPECT_EQ(v->find(1)->as_uint(), std::nullopt);
  EXPECT_EQ(to_hex(v->find(2)->as_bytes().value_or(Bytes{})), "010203");
  EXPECT_EQ(v->find(3)->as_text(), "a");
  EXPECT_EQ(v->find(3)->as_bytes(), std::nullopt);
  ASSERT_NE(v->find(4)->tagged(24), nullptr);
  EXPECT_EQ(v->find(4)->tagged(25), nullptr);
  EXPECT_EQ(v->find(4)->tagged(24)->items().at(0).as_uint(), 0U);
  EXPECT_EQ(to_hex(v->find(4)->tagged(24)->encoding()), "8100");
  EXPECT_EQ(v->find("a")->as_bool(), true);
  EXPECT_TRUE(v->find("b")->is_null());
  EXPECT_EQ(v->find("c"), nullptr);
  EXPECT_EQ(v->find(5), nullptr);
  EXPECT_EQ(v->tagged(0), nullptr);
}

TEST(Cbor, NegativeIntegersBeyond64BitsAreNotInts) {
  const Buffer least = hex("3b7fffffffffffffff");
  EXPECT_EQ(parse_cbor(least)->as_int(), std::numeric_limits<std::int64_t>::min());
  const Buffer beyond = hex("3b8000000000000000");
  EXPECT_EQ(parse_cbor(beyond)->as_int(), std::nullopt);
  const Buffer positive = hex("1b8000000000000000");
  EXPECT_EQ(parse_cbor(positive)->as_int(), std::nullopt);
  EXPECT_EQ(parse_cbor(positive)->as_uint(), std::uint64_t{1} << 63U);
}

TEST(Cbor, RefusesTruncationAtEveryLengthAndAnOctetMore) {
  for (const char* text : kAppendixA) {
    Buffer doc = hex(text);
    for (std::size_t n = 0; n < doc.size(); ++n) {
      EXPECT_EQ(refusal(Bytes(doc).first(n)), Errc::kTruncated) << text << " cut to " << n;
    }
    doc.push_back(0);
    EXPECT_EQ(refusal(doc), Errc::kMalformed) << text;
  }
}

// What parses is deterministic: no other document means the same. So whatever a flipped bit makes,
// writing its items again gives its octets.
TEST(Cbor, AFlippedBitIsRefusedOrAnotherDeterministicDocument) {
  for (const char* text : kAppendixA) {
    Buffer doc = hex(text);
    for (std::size_t bit = 0; bit < 8 * doc.size(); ++bit) {
      doc[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
      if (const auto value = parse_cbor(doc)) {
        CborWriter w;
        rewrite(w, *value);
        const auto out = w.take();
        ASSERT_TRUE(out);
        EXPECT_EQ(to_hex(*out), to_hex(doc));
      }
      doc[bit / 8] ^= static_cast<std::uint8_t>(1U << (bit % 8));
    }
  }
}

TEST(Cbor, KeepsItsLimits) {
  const Buffer three = hex("83010203");
  EXPECT_TRUE(parse_cbor(three, {.max_bytes = 4}));
  EXPECT_EQ(parse_cbor(three, {.max_bytes = 3}).error().code(), Errc::kLimit);
  EXPECT_TRUE(parse_cbor(three, {.max_items = 4}));
  EXPECT_EQ(parse_cbor(three, {.max_items = 3}).error().code(), Errc::kLimit);
  const Buffer map = hex("a20001c0020203");
  EXPECT_EQ(refusal(map), Errc::kUnsupported);
  const Buffer members = hex("a200010203");
  EXPECT_TRUE(parse_cbor(members, {.max_items = 5}));
  EXPECT_EQ(parse_cbor(members, {.max_items = 4}).error().code(), Errc::kLimit);
}

TEST(Cbor, BoundsNestingOfEveryKind) {
  for (const char* level : {"81", "a100", "c0"}) {
    for (const std::uint32_t limit : {0U, 1U, 16U, kMaxCborDepth, 1000000U}) {
      const std::uint32_t deepest = std::min(limit, kMaxCborDepth);
      for (const std::uint32_t depth : {deepest, deepest + 1}) {
        std::string text;
        for (std::uint32_t i = 0; i < depth; ++i)
          text += level;
        const auto r = parse_cbor(hex(text + "00"), {.max_depth = limit});
        EXPECT_EQ(r.has_value(), depth == deepest) << level << " " << limit;
        if (!r) {
          EXPECT_EQ(r.error().code(), Errc::kLimit);
        }
      }
    }
  }
}

TEST(Cbor, ManyLevelsDoNotExhaustTheStack) {
  const Buffer deep(1U << 20U, 0x81);
  EXPECT_EQ(refusal(deep), Errc::kLimit);
}

}  // namespace
}  // namespace ward::codec
