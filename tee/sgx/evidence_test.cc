#include "tee/sgx/evidence.h"

#include <gtest/gtest.h>

#include "test/support/vectors.h"

namespace ward::sgx {
namespace {

using dcap::CheckId;

QuoteParts sample() {
  QuoteParts p;
  p.qe_svn = 10;
  p.pce_svn = 13;
  p.user_data.fill(7);
  p.body = Buffer(dcap::kReportBodySize, 0);
  for (std::size_t i = 0; i < 64; ++i)
    p.body[320 + i] = static_cast<std::uint8_t>(i);
  p.signature = Buffer(64, 1);
  p.attestation_key = Buffer(64, 2);
  p.qe_report = Buffer(dcap::kReportBodySize, 0);
  p.qe_signature = Buffer(64, 3);
  p.auth_data = Buffer(32, 4);
  p.certification_data = Buffer(100, 5);
  return p;
}

TEST(SgxQuote, ReadsWhatItWrites) {
  const Buffer whole = write_quote(sample());
  const auto q = parse_quote(whole);
  ASSERT_TRUE(q);
  EXPECT_TRUE(equal(q->signed_part(), write_signed_part(sample())));
  EXPECT_TRUE(equal(q->signature, sample().signature));
  EXPECT_TRUE(equal(q->attestation_key, sample().attestation_key));
  EXPECT_TRUE(equal(q->qe.auth_data, sample().auth_data));
  EXPECT_TRUE(equal(q->qe.certification_data, sample().certification_data));
  EXPECT_EQ(q->qe.certification_type, 5);
}

TEST(SgxQuote, ACutAtEveryLengthFailsTheSizeCheck) {
  const Buffer whole = write_quote(sample());
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto q = parse_quote(Bytes(whole).first(n));
    ASSERT_FALSE(q) << n;
    EXPECT_EQ(q.error().check, CheckId::kQuoteSize) << n;
    EXPECT_EQ(q.error().error.code(), Errc::kTruncated) << n;
  }
}

TEST(SgxQuote, BytesBehindItAreRefused) {
  Buffer whole = write_quote(sample());
  whole.push_back(0);
  EXPECT_EQ(parse_quote(whole).error().check, CheckId::kQuoteSize);
  EXPECT_EQ(parse_quote(whole).error().error.code(), Errc::kMalformed);
}

struct FormCase {
  const char* name;
  std::size_t offset;
  std::uint8_t value;
  CheckId want;
  Errc code;
};

constexpr FormCase kForms[] = {
    {"version_2", 0, 2, CheckId::kQuoteVersion, Errc::kUnsupported},
    {"version_4", 0, 4, CheckId::kQuoteVersion, Errc::kUnsupported},
    {"key_type_p384", 2, 3, CheckId::kQuoteAttKeyType, Errc::kUnsupported},
    {"tee_type_tdx", 4, 0x81, CheckId::kQuoteTeeType, Errc::kMalformed},
    {"vendor", 12, 0, CheckId::kQuoteVendorId, Errc::kUnsupported},
    {"vendor_last", 27, 0, CheckId::kQuoteVendorId, Errc::kUnsupported},
    {"reserved1_first", 48 + 20, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved1_last", 48 + 31, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved2_first", 48 + 96, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved2_last", 48 + 127, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved3_first", 48 + 160, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved3_last", 48 + 191, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved4_first", 48 + 262, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved4_last", 48 + 303, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"signature_data_longer", 432, 255, CheckId::kQuoteSize, Errc::kMalformed},
    {"certification_longer", 436 + 64 + 64 + 384 + 64 + 2 + 32 + 2, 101, CheckId::kQuoteSize,
     Errc::kTruncated},
    {"certification_shorter", 436 + 64 + 64 + 384 + 64 + 2 + 32 + 2, 99, CheckId::kQuoteSize,
     Errc::kMalformed},
};

TEST(SgxQuote, EachMistakeOfFormFailsItsCheck) {
  for (const FormCase& c : kForms) {
    SCOPED_TRACE(c.name);
    Buffer whole = write_quote(sample());
    ASSERT_NE(whole[c.offset], c.value);
    whole[c.offset] = c.value;
    const auto q = parse_quote(whole);
    ASSERT_FALSE(q);
    EXPECT_EQ(q.error().check, c.want);
    if (std::string_view(c.name) != "signature_data_longer") {
      EXPECT_EQ(q.error().error.code(), c.code);
    }
  }
}

TEST(SgxQuote, LimitsHoldAtTheirValueAndNotOneAbove) {
  QuoteParts p = sample();
  p.auth_data = Buffer(dcap::kMaxAuthData, 1);
  p.certification_data = Buffer(dcap::kMaxCertificationData, 1);
  EXPECT_TRUE(parse_quote(write_quote(p)));
  p.auth_data.push_back(1);
  EXPECT_EQ(parse_quote(write_quote(p)).error().check, CheckId::kQuoteSize);
  p.auth_data.pop_back();
  p.certification_data.push_back(1);
  EXPECT_EQ(parse_quote(write_quote(p)).error().check, CheckId::kQuoteSize);
  EXPECT_EQ(parse_quote(Buffer(kMaxQuoteSize + 1, 3)).error().error.code(), Errc::kLimit);
}

TEST(SgxQuote, TheLayoutCoversEveryByteOnce) {
  const Buffer whole = write_quote(sample());
  std::size_t at = 0;
  for (const auto& field : quote_layout(*parse_quote(whole))) {
    EXPECT_EQ(field.offset, at) << field.name;
    at += field.size;
  }
  EXPECT_EQ(at, whole.size());
}

std::string word(const std::string& fields, const std::string& name) {
  const auto at = (" " + fields).find(" " + name + "=");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 1;
  return fields.substr(from, fields.find(' ', from) - from);
}

// The manifest's word for a claim.
std::string manifest_name(const std::string& claim) {
  if (claim == "version") return "ver";
  if (claim == "certification_data_type") return "ct";
  if (claim == "isv_prod_id") return "isvprodid";
  if (claim == "isv_svn") return "isvsvn";
  if (claim == "qe_report.isv_svn") return "qe_isvsvn";
  return claim;
}

TEST(SgxQuote, EveryVectorParsesWithItsFields) {
  WARD_NEED_VECTORS();
  std::size_t judged = 0;
  for (auto& row : test::read_tsv(test::vectors_dir() / "MANIFEST.tsv")) {
    if (row["kind"] != "sgx-quote-v3") continue;
    SCOPED_TRACE(row["file"]);
    const Buffer bytes = test::read_file(test::vectors_dir() / row["file"]);
    const auto q = parse_quote(bytes);
    ASSERT_TRUE(q);
    const std::string& fields = row["key_fields"];
    for (const attest::Claim& claim : quote_claims(*q)) {
      std::string value;
      if (const auto* b = std::get_if<Buffer>(&claim.value)) value = to_hex(*b);
      if (const auto* n = std::get_if<std::uint64_t>(&claim.value)) value = std::to_string(*n);
      if (const auto* b = std::get_if<bool>(&claim.value)) value = *b ? "True" : "False";
      std::string want = word(fields, manifest_name(claim.name));
      if (want.empty()) continue;
      if (want.ends_with("..")) {  // the manifest cuts report_data
        want.resize(want.size() - 2);
        value.resize(want.size());
      }
      if (claim.name == "pce_svn" || claim.name == "qe_svn")
        continue;  // the manifest's are the PCK's
      EXPECT_EQ(value, want) << claim.name;
    }
    EXPECT_EQ(word(fields, "ct"), std::to_string(q->qe.certification_type));
    std::size_t at = 0;
    for (const auto& field : quote_layout(*q)) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, bytes.size());
    ++judged;
  }
  EXPECT_GE(judged, 17U);
}

}  // namespace
}  // namespace ward::sgx
