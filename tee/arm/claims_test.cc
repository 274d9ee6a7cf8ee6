#include "tee/arm/claims.h"

#include <gtest/gtest.h>

namespace ward::arm {
namespace {

using codec::CborWriter;

Buffer written(void (*fill)(CborWriter&)) {
  CborWriter w;
  w.begin_map();
  fill(w);
  auto out = w.end_map().take();
  EXPECT_TRUE(out);
  return out ? *out : Buffer();
}

TEST(ArmLifecycle, TheHighOctetIsTheStateAndTheLowOneIsTheMakers) {
  EXPECT_EQ(lifecycle_of(0x0000), Lifecycle::kUnknown);
  EXPECT_EQ(lifecycle_of(0x10ff), Lifecycle::kAssemblyAndTest);
  EXPECT_EQ(lifecycle_of(0x2001), Lifecycle::kProvisioning);
  EXPECT_EQ(lifecycle_of(0x3000), Lifecycle::kSecured);
  EXPECT_EQ(lifecycle_of(0x30ff), Lifecycle::kSecured);
  EXPECT_EQ(lifecycle_of(0x40ff), Lifecycle::kNonRotDebug);
  EXPECT_EQ(lifecycle_of(0x5000), Lifecycle::kRecoverableRotDebug);
  EXPECT_EQ(lifecycle_of(0x60ff), Lifecycle::kDecommissioned);
  for (const std::uint64_t other :
       {0x0100ULL, 0x1500ULL, 0x3100ULL, 0x3f00ULL, 0x6100ULL, 0x7000ULL, 0xffffULL, 0x13000ULL}) {
    EXPECT_FALSE(lifecycle_of(other)) << other;
  }
}

TEST(ArmLifecycle, OnlyASecuredOrADebuggedDeviceIsInService) {
  EXPECT_TRUE(in_service(Lifecycle::kSecured));
  EXPECT_FALSE(is_debug(Lifecycle::kSecured));
  for (const Lifecycle debug : {Lifecycle::kNonRotDebug, Lifecycle::kRecoverableRotDebug}) {
    EXPECT_TRUE(in_service(debug));
    EXPECT_TRUE(is_debug(debug));
  }
  for (const Lifecycle other : {Lifecycle::kUnknown, Lifecycle::kAssemblyAndTest,
                                Lifecycle::kProvisioning, Lifecycle::kDecommissioned}) {
    EXPECT_FALSE(in_service(other)) << to_text(other);
  }
  EXPECT_FALSE(in_service(std::nullopt));
  EXPECT_FALSE(is_debug(std::nullopt));
}

TEST(ArmComponents, AreReadAndWrittenBack) {
  const Buffer value(48, 2);
  const Buffer signer(32, 5);
  const std::vector<Component> all = {
      {.type = "BL", .value = value, .version = "1", .signer_id = signer, .description = "sha-384"},
      {.value = signer, .signer_id = value}};
  CborWriter w;
  w.begin_map().name(7);
  write_components(all, w);
  const auto octets = w.end_map().take();
  ASSERT_TRUE(octets);
  const auto map = codec::parse_cbor(*octets);
  ASSERT_TRUE(map);
  Claims claims(*map);
  const auto read = read_components(claims, 7);
  EXPECT_EQ(claims.wrong(), "");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].item(), "BL=" + to_hex(value));
  EXPECT_EQ(read[1].signer_item(), "=" + to_hex(value));
  EXPECT_EQ(read[0].version, "1");
  EXPECT_EQ(read[0].description, "sha-384");
  std::vector<attest::Claim> out;
  add_components(read, out);
  EXPECT_EQ(out.back().name, "signers");
  EXPECT_EQ(std::get<std::vector<std::string>>(out.back().value).size(), 2U);
}

struct Wrong {
  const char* name;
  void (*fill)(CborWriter&);
};

void components_of(CborWriter& w, std::size_t count, std::size_t size) {
  w.name(7).begin_array();
  for (std::size_t i = 0; i < count; ++i) {
    w.begin_map().member(2, Buffer(size)).member(5, Buffer(32)).end_map();
  }
  w.end_array();
}

TEST(ArmComponents, OtherFormsAreRefused) {
  constexpr Wrong kWrong[] = {
      {"none", [](CborWriter&) {}},
      {"no_list", [](CborWriter& w) { w.member(7, 1); }},
      {"empty", [](CborWriter& w) { components_of(w, 0, 32); }},
      {"too_many", [](CborWriter& w) { components_of(w, kMaxComponents + 1, 32); }},
      {"short_value", [](CborWriter& w) { components_of(w, 1, 31); }},
      {"no_map", [](CborWriter& w) { w.name(7).begin_array().integer(1).end_array(); }},
      {"no_signer",
       [](CborWriter& w) {
         w.name(7).begin_array().begin_map().member(2, Buffer(32)).end_map().end_array();
       }},
      {"type_number", [](CborWriter& w) {
         w.name(7).begin_array().begin_map().member(1, 1).member(2, Buffer(32));
         w.member(5, Buffer(32)).end_map().end_array();
       }}};
  for (const Wrong& wrong : kWrong) {
    const Buffer octets = written(wrong.fill);
    const auto map = codec::parse_cbor(octets);
    ASSERT_TRUE(map);
    Claims claims(*map);
    static_cast<void>(read_components(claims, 7));
    EXPECT_NE(claims.wrong(), "") << wrong.name;
  }
  const Buffer most = written([](CborWriter& w) { components_of(w, kMaxComponents, 64); });
  const auto map = codec::parse_cbor(most);
  Claims claims(*map);
  EXPECT_EQ(read_components(claims, 7).size(), kMaxComponents);
  EXPECT_EQ(claims.wrong(), "");
}

// A list of items is shown with commas between them.
TEST(ArmClaims, AComponentsTypeIsNotTwoItems) {
  const Buffer value(32, 0xab);
  const std::string hex = to_hex(value);
  const auto item_of = [&](std::string_view type) {
    const Component c{.type = type, .value = value, .signer_id = value};
    EXPECT_EQ(c.item(), c.signer_item());
    return c.item();
  };
  EXPECT_EQ(item_of("TF-M SHIM=1"), "TF-M SHIM=1=" + hex);
  EXPECT_EQ(item_of("PRoT=00, BL"), "PRoT=00%2c BL=" + hex);
  EXPECT_EQ(item_of("PRoT=00%2c BL"), "PRoT=00%252c BL=" + hex);
  EXPECT_EQ(item_of("a\nb\x7f"), "a%0ab%7f=" + hex);
  EXPECT_EQ((Component{.value = value}).item(), "=" + hex);
}

TEST(ArmClaims, KeysThatNobodyAskedForAreNamed) {
  const Buffer octets = written([](CborWriter& w) {
    w.member(1, "a").member(1234567, "b").member("key", 1).member(Buffer{1}, 2);
  });
  const auto map = codec::parse_cbor(octets);
  ASSERT_TRUE(map);
  Claims claims(*map);
  EXPECT_EQ(claims.text(1, "one"), "a");
  EXPECT_EQ(claims.unknown(), (std::vector<std::string>{"1234567", "4101", "\"key\""}));
}

TEST(ArmClaims, EachHasItsTypeAndItsLimits) {
  const Buffer octets = written([](CborWriter& w) {
    w.member(1, std::string(kMaxText, 'a')).member(2, std::string(kMaxText + 1, 'a'));
    w.member(3, Buffer(kMaxText)).member(4, Buffer(kMaxText + 1)).member(5, 65535);
  });
  const auto map = codec::parse_cbor(octets);
  ASSERT_TRUE(map);
  const auto wrong = [&](auto read) {
    Claims claims(*map);
    read(claims);
    return !claims.wrong().empty();
  };
  EXPECT_FALSE(wrong([](Claims& c) { c.text(1, ""); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.text(2, ""); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.text(3, ""); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.text(9, ""); }));
  EXPECT_FALSE(wrong([](Claims& c) { c.any_octets(3, "", 0); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.any_octets(4, "", 0); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.any_octets(9, "", 0); }));
  EXPECT_FALSE(wrong([](Claims& c) { c.number(5, "", 65535); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.number(5, "", 65534); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.number(9, "", 1); }));
  EXPECT_TRUE(wrong([](Claims& c) { c.hashes(3, "", 1); }));
}

}  // namespace
}  // namespace ward::arm
