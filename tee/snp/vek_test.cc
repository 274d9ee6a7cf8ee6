#include "tee/snp/vek.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/der.h"

namespace ward::snp {
namespace {

VekExtensions sample(Line line) {
  VekExtensions e;
  e.struct_version = line == Line::kTurin ? 1 : 0;
  e.product_name = line == Line::kTurin ? "Turin-B0" : "Milan-B0";
  e.tcb = {.bootloader = 4, .tee = 1, .snp = 24, .microcode = 0xd1};
  if (line == Line::kTurin) e.tcb.fmc = 2;
  e.hwid = Buffer(line == Line::kTurin ? 8 : 64, 0xab);
  return e;
}

// with holds nothing but these extensions: what the parser reads of a certificate.
pki::Certificate with(std::vector<pki::Extension> extensions) {
  pki::Certificate c;
  c.extensions = std::move(extensions);
  return c;
}

Buffer oid(const std::string& arcs) { return *codec::der_oid("1.3.6.1.4.1.3704.1." + arcs); }

// changed is the sample with one extension's value replaced.
pki::Certificate changed(Line line, const std::string& arcs, Buffer value) {
  auto extensions = write_vek_extensions(sample(line));
  for (pki::Extension& e : extensions) {
    if (e.oid == oid(arcs)) {
      e.value = std::move(value);
      return with(std::move(extensions));
    }
  }
  ADD_FAILURE() << "no extension " << arcs;
  return with({});
}

std::string fault(const pki::Certificate& c) {
  const auto e = parse_vek_extensions(c);
  if (e) return "none";
  EXPECT_EQ(e.error().code(), Errc::kMalformed);
  return e.error().what();
}

bool same(const VekExtensions& a, const VekExtensions& b) {
  return a.struct_version == b.struct_version && a.product_name == b.product_name &&
         a.tcb == b.tcb && a.reserved == b.reserved && a.hwid == b.hwid && a.csp_id == b.csp_id;
}

TEST(Vek, ReadsWhatItWrites) {
  for (const Line line : {Line::kMilan, Line::kTurin}) {
    const auto vcek = parse_vek_extensions(with(write_vek_extensions(sample(line))));
    ASSERT_TRUE(vcek);
    EXPECT_TRUE(same(*vcek, sample(line)));
    VekExtensions vlek = sample(line);
    vlek.hwid.reset();
    vlek.csp_id = "CN=cc-us-east-2.amazonaws.com";
    const auto again = parse_vek_extensions(with(write_vek_extensions(vlek)));
    ASSERT_TRUE(again);
    EXPECT_TRUE(same(*again, vlek));
  }
}

// AMD's order and encoding, octet by octet, as its key service sends them for Milan.
TEST(Vek, TheEncodingIsAmds) {
  const auto extensions = write_vek_extensions(sample(Line::kMilan));
  const std::pair<const char*, const char*> expected[] = {
      {"1", "020100"},   {"2", "16084d696c616e2d4230"},
      {"3.1", "020104"}, {"3.2", "020101"},
      {"3.4", "020100"}, {"3.5", "020100"},
      {"3.6", "020100"}, {"3.7", "020100"},
      {"3.3", "020118"}, {"3.8", "020200d1"}};
  ASSERT_EQ(extensions.size(), std::size(expected) + 1);
  for (std::size_t i = 0; i < std::size(expected); ++i) {
    EXPECT_EQ(extensions[i].oid, oid(expected[i].first));
    EXPECT_EQ(to_hex(extensions[i].value), expected[i].second) << expected[i].first;
  }
  EXPECT_EQ(extensions.back().oid, oid("4"));
  EXPECT_EQ(extensions.back().value, Buffer(64, 0xab));  // no OCTET STRING inside
}

TEST(Vek, AMissingExtensionIsNamedAndNoPartIsTakenForZero) {
  const std::pair<const char*, const char*> cases[] = {
      {"1", "structVersion is missing or malformed"},
      {"2", "productName is missing or malformed"},
      {"3.1", "blSPL is missing or malformed"},
      {"3.2", "teeSPL is missing or malformed"},
      {"3.3", "snpSPL is missing or malformed"},
      {"3.8", "ucodeSPL is missing or malformed"},
      {"3.4", "none"},
      {"4", "none"}};
  for (const auto& [arcs, expected] : cases) {
    auto extensions = write_vek_extensions(sample(Line::kMilan));
    std::erase_if(extensions,
                  [&, &arcs = arcs](const pki::Extension& e) { return e.oid == oid(arcs); });
    EXPECT_EQ(fault(with(extensions)), expected) << arcs;
  }
  EXPECT_EQ(fault(with({})), "structVersion is missing or malformed");
}

// What is no INTEGER of 0 to 255 in its shortest form, alone in its extension.
TEST(Vek, NumbersAreIntegersUpTo255) {
  const Buffer wrong[] = {{},
                          {0x02},
                          {0x02, 0x00},
                          {0x02, 0x01},
                          {0x02, 0x01, 0x80},        // -128
                          {0x02, 0x02, 0x01, 0x00},  // 256
                          {0x02, 0x02, 0x00, 0x04},  // not the shortest
                          {0x02, 0x02, 0xff, 0x80},
                          {0x02, 0x81, 0x01, 0x04},
                          {0x02, 0x01, 0x04, 0x00},  // something behind it
                          {0x02, 0x01, 0x04, 0x02, 0x01, 0x04},
                          {0x04, 0x01, 0x04},
                          {0x16, 0x01, 0x34},
                          {0x05, 0x00},
                          {0x04},  // the bare octet
                          {0x02, 0x09, 0x01, 0, 0, 0, 0, 0, 0, 0, 0x04}};
  const std::pair<const char*, const char*> numbers[] = {
      {"1", "structVersion is missing or malformed"},
      {"3.1", "blSPL is missing or malformed"},
      {"3.2", "teeSPL is missing or malformed"},
      {"3.3", "snpSPL is missing or malformed"},
      {"3.8", "ucodeSPL is missing or malformed"},
      {"3.9", "fmcSPL is missing or malformed"},
      {"3.5", "spl_4 to spl_7 is missing or malformed"},
      {"3.7", "spl_4 to spl_7 is missing or malformed"}};
  for (const auto& [arcs, expected] : numbers) {
    for (const Buffer& value : wrong)
      EXPECT_EQ(fault(changed(Line::kTurin, arcs, value)), expected)
          << arcs << " " << to_hex(value);
    for (const Buffer& value : {Buffer{0x02, 0x01, 0x00}, Buffer{0x02, 0x01, 0x7f},
                                Buffer{0x02, 0x02, 0x00, 0x80}, Buffer{0x02, 0x02, 0x00, 0xff}}) {
      EXPECT_EQ(fault(changed(Line::kTurin, arcs, value)), "none") << arcs << " " << to_hex(value);
    }
  }
}

// Microcode d1 takes two octets; a reader of one has 0, or the length.
TEST(Vek, AMicrocodeAbove127IsReadWhole) {
  const auto e = parse_vek_extensions(with(write_vek_extensions(sample(Line::kMilan))));
  ASSERT_TRUE(e);
  EXPECT_EQ(e->tcb.microcode, 0xd1);
}

// A chip's id stands raw in its extension. One that begins like a DER header is no DER.
TEST(Vek, AHwidIsTakenAsItStandsWhateverItBeginsWith) {
  for (const std::uint8_t first : Buffer{0x02, 0x04, 0x16, 0x30, 0x00, 0xff}) {
    for (const Line line : {Line::kMilan, Line::kTurin}) {
      VekExtensions e = sample(line);
      (*e.hwid)[0] = first;
      (*e.hwid)[1] = static_cast<std::uint8_t>(e.hwid->size() - 2);
      const auto again = parse_vek_extensions(with(write_vek_extensions(e)));
      ASSERT_TRUE(again);
      EXPECT_EQ(again->hwid, e.hwid) << int{first};
    }
  }
}

TEST(Vek, TextIsPrintableIa5) {
  const Buffer wrong[] = {{},
                          {0x16},
                          {0x16, 0x05, 'M'},
                          {0x16, 0x01, 'M', 0x00},
                          {0x0c, 0x01, 'M'},
                          {0x13, 0x01, 'M'},
                          {0x16, 0x01, 0x00},
                          {0x16, 0x01, 0x1f},
                          {0x16, 0x02, 'M', '\n'},
                          {0x16, 0x01, 0x7f},
                          {0x16, 0x01, 0x80},
                          {0x16, 0x04, 'M', 0x1b, '[', 'm'}};
  for (const Buffer& value : wrong) {
    EXPECT_EQ(fault(changed(Line::kMilan, "2", value)), "productName is missing or malformed")
        << to_hex(value);
    VekExtensions vlek = sample(Line::kMilan);
    vlek.hwid.reset();
    vlek.csp_id = "a";
    auto extensions = write_vek_extensions(vlek);
    extensions.back().value = value;
    EXPECT_EQ(fault(with(extensions)), "cspID is missing or malformed") << to_hex(value);
  }
  EXPECT_EQ(fault(changed(Line::kMilan, "2", {0x16, 0x02, ' ', '~'})), "none");
}

}  // namespace
}  // namespace ward::snp
