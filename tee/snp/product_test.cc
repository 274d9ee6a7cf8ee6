#include "tee/snp/product.h"

#include <utility>

#include <gtest/gtest.h>

namespace ward::snp {
namespace {

const char* product(unsigned family, unsigned model) {
  const auto p =
      product_of({static_cast<std::uint8_t>(family), static_cast<std::uint8_t>(model), 0});
  return p ? p->name : "none";
}

// Written out a second time: family and model to a name.
const char* expected(unsigned family, unsigned model) {
  if (family == 0x19 && model <= 0x0f) return "Milan";
  if (family == 0x19 && model >= 0x10 && model <= 0x1f) return "Genoa";
  if (family == 0x19 && model >= 0xa0 && model <= 0xaf) return "Bergamo or Siena";
  if (family == 0x1a && model <= 0x1f) return "Turin";
  return "none";
}

TEST(Product, EveryFamilyAndModel) {
  for (unsigned family = 0; family < 256; ++family) {
    for (unsigned model = 0; model < 256; ++model)
      ASSERT_STREQ(product(family, model), expected(family, model)) << family << " " << model;
  }
}

TEST(Product, SteppingDoesNotMatter) {
  for (unsigned stepping = 0; stepping < 256; ++stepping) {
    const auto p = product_of({0x19, 0xa0, static_cast<std::uint8_t>(stepping)});
    ASSERT_TRUE(p);
    EXPECT_EQ(p->line, Line::kGenoa);
  }
}

TEST(Product, NamesOfCertificates) {
  const std::pair<const char*, std::optional<Line>> cases[] = {
      {"Milan", Line::kMilan},    {"Milan-B0", Line::kMilan},  {"Milan-B1", Line::kMilan},
      {"Genoa", Line::kGenoa},    {"Genoa-B1", Line::kGenoa},  {"Bergamo-A2", Line::kGenoa},
      {"Siena-A0", Line::kGenoa}, {"Turin", Line::kTurin},     {"Turin-C1", Line::kTurin},
      {"Venice", std::nullopt},   {"Venice-A0", std::nullopt}, {"", std::nullopt},
      {"-Milan", std::nullopt},   {"milan", std::nullopt},     {"Milano", std::nullopt},
      {"Milan B0", std::nullopt}, {" Milan", std::nullopt}};
  for (const auto& [name, line] : cases)
    EXPECT_EQ(line_of_name(name), line) << name;
  for (const Line line : {Line::kMilan, Line::kGenoa, Line::kTurin})
    EXPECT_EQ(line_of_name(line_name(line)), line);
}

constexpr std::array<std::uint8_t, 8> kOctets = {1, 2, 3, 4, 5, 6, 7, 8};

TEST(Tcb, BeforeTurin) {
  for (const Line line : {Line::kMilan, Line::kGenoa}) {
    const Tcb tcb = read_tcb(kOctets, line);
    EXPECT_FALSE(tcb.fmc);
    EXPECT_EQ(tcb.bootloader, 1);
    EXPECT_EQ(tcb.tee, 2);
    EXPECT_EQ(tcb.snp, 7);
    EXPECT_EQ(tcb.microcode, 8);
    EXPECT_FALSE(tcb.reserved_zero);
    EXPECT_EQ(write_tcb(tcb, line), (std::array<std::uint8_t, 8>{1, 2, 0, 0, 0, 0, 7, 8}));
  }
}

TEST(Tcb, OfTurin) {
  const Tcb tcb = read_tcb(kOctets, Line::kTurin);
  EXPECT_EQ(tcb.fmc, 1);
  EXPECT_EQ(tcb.bootloader, 2);
  EXPECT_EQ(tcb.tee, 3);
  EXPECT_EQ(tcb.snp, 4);
  EXPECT_EQ(tcb.microcode, 8);
  EXPECT_FALSE(tcb.reserved_zero);
  EXPECT_EQ(write_tcb(tcb, Line::kTurin), (std::array<std::uint8_t, 8>{1, 2, 3, 4, 0, 0, 0, 8}));
}

TEST(Tcb, EachReservedOctetCounts) {
  for (const Line line : {Line::kMilan, Line::kTurin}) {
    const std::size_t from = line == Line::kTurin ? 4 : 2;
    const std::size_t to = line == Line::kTurin ? 7 : 6;
    for (std::size_t i = 0; i < 8; ++i) {
      std::array<std::uint8_t, 8> octets{};
      octets.at(i) = 1;
      const Tcb tcb = read_tcb(octets, line);
      EXPECT_EQ(tcb.reserved_zero, i < from || i >= to) << i;
      EXPECT_EQ(write_tcb(tcb, line) == octets, tcb.reserved_zero) << i;
    }
  }
}

// Each part on its own: the sum of two does not count.
TEST(Tcb, ReachesIsPartByPart) {
  const Tcb base{.fmc = 2, .bootloader = 2, .tee = 2, .snp = 2, .microcode = 2};
  EXPECT_TRUE(reaches(base, base));
  const auto parts = {&Tcb::bootloader, &Tcb::tee, &Tcb::snp, &Tcb::microcode};
  for (std::uint8_t Tcb::*part : parts) {
    Tcb more = base;
    more.*part = 3;
    EXPECT_TRUE(reaches(more, base));
    EXPECT_FALSE(reaches(base, more));
    for (std::uint8_t Tcb::*other : parts) {
      Tcb mixed = more;
      if (other != part) mixed.*other = 1;
      EXPECT_EQ(reaches(mixed, base), other == part);
    }
  }
  Tcb fmc = base;
  fmc.fmc = 1;
  EXPECT_FALSE(reaches(fmc, base));
  EXPECT_TRUE(reaches(base, fmc));
}

TEST(Tcb, TextNamesEveryPart) {
  EXPECT_EQ(tcb_text(read_tcb(kOctets, Line::kMilan)), "bootloader 1 tee 2 snp 7 microcode 8");
  EXPECT_EQ(tcb_text(read_tcb(kOctets, Line::kTurin)),
            "fmc 1 bootloader 2 tee 3 snp 4 microcode 8");
}

}  // namespace
}  // namespace ward::snp
