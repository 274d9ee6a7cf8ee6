// AMD's real certificates: what their extensions say, against the manifest of the vectors.
#include <gtest/gtest.h>

#include "codec/pem.h"
#include "tee/snp/vek.h"
#include "test/snp_vectors/vectors.h"

namespace ward::test::snp {
namespace {

using ward::snp::VekExtensions;

std::uint8_t number(const std::string& hex) {
  return static_cast<std::uint8_t>(std::stoul(hex, nullptr, 16));
}

// Every word of the manifest's is compared, and there is one for each extension.
void expect_extensions(const VekExtensions& e, std::map<std::string, std::string> fields) {
  const bool turin = fields.contains("fmc");
  EXPECT_EQ(e.struct_version, number(fields.at("structver")));
  EXPECT_EQ(e.product_name, fields.at("product"));
  EXPECT_EQ(e.tcb.bootloader, number(fields.at("bl")));
  EXPECT_EQ(e.tcb.tee, number(fields.at("tee")));
  EXPECT_EQ(e.tcb.snp, number(fields.at("snp")));
  EXPECT_EQ(e.tcb.microcode, number(fields.at("ucode")));
  EXPECT_EQ(e.tcb.fmc.has_value(), turin);
  if (turin) {
    EXPECT_EQ(e.tcb.fmc, number(fields.at("fmc")));
  }
  for (std::size_t i = turin ? 1 : 0; i < 4; ++i)
    EXPECT_EQ(e.reserved.at(i), number(fields.at("s" + std::to_string(4 + i))));
  EXPECT_EQ(e.hwid ? to_hex(*e.hwid) : "", fields["hwid"]);
  EXPECT_EQ(e.csp_id.value_or(""), fields["csp"]);
}

TEST(SnpCertificates, EveryOneParsesToWhatTheManifestSays) {
  WARD_NEED_VECTORS();
  std::size_t leaves = 0;
  std::size_t authorities = 0;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["kind"] != "amd-cert") continue;
    SCOPED_TRACE(row["file"]);
    const auto parsed = pki::parse_certificates(read_text(vectors(row["file"])));
    ASSERT_TRUE(parsed && parsed->size() == 1);
    const pki::Certificate& c = parsed->front();
    EXPECT_EQ(c.subject.common_name(), row["what"]);
    auto fields = key_fields(row);
    EXPECT_EQ(c.issuer.common_name(), fields.at("issuer"));
    const auto extensions = ward::snp::parse_vek_extensions(c);
    EXPECT_EQ(extensions.has_value(), fields.contains("structver"));
    if (!extensions) {
      EXPECT_TRUE(c.basic_constraints && c.basic_constraints->ca);
      ++authorities;
      continue;
    }
    expect_extensions(*extensions, fields);
    ++leaves;
  }
  EXPECT_EQ(authorities, 10U);
  EXPECT_EQ(leaves, 37U);
  report_vectors("amd-cert", leaves + authorities, leaves + authorities, 0);
}

// AMD writes the extensions in the order in which we do.
TEST(SnpCertificates, ExtensionsAreWrittenAsAmdWritesThem) {
  WARD_NEED_VECTORS();
  for (const attest::Document& d : certificates().documents) {
    const auto parsed = pki::parse_certificates(as_text(d.bytes));
    ASSERT_TRUE(parsed);
    const auto extensions = ward::snp::parse_vek_extensions(parsed->front());
    if (!extensions) continue;
    SCOPED_TRACE(d.name);
    for (const pki::Extension& written : ward::snp::write_vek_extensions(*extensions)) {
      const pki::Extension* real = parsed->front().find(written.oid);
      ASSERT_NE(real, nullptr) << to_hex(written.oid);
      EXPECT_EQ(to_hex(real->value), to_hex(written.value));
      EXPECT_FALSE(real->critical);
    }
  }
}

}  // namespace
}  // namespace ward::test::snp
