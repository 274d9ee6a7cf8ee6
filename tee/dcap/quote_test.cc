#include "tee/dcap/quote.h"

#include <gtest/gtest.h>

namespace ward::dcap {
namespace {

// Every form that a quote can have.
struct Form {
  const char* name;
  std::uint16_t version;
  TeeType tee;
  BodyType body;
};

constexpr Form kForms[] = {
    {"sgx_3", 3, TeeType::kSgx, BodyType::kSgxReport},
    {"sgx_4", 4, TeeType::kSgx, BodyType::kSgxReport},
    {"sgx_5", 5, TeeType::kSgx, BodyType::kSgxReport},
    {"tdx_4", 4, TeeType::kTdx, BodyType::kTdReport10},
    {"tdx_5_report_10", 5, TeeType::kTdx, BodyType::kTdReport10},
    {"tdx_5_report_15", 5, TeeType::kTdx, BodyType::kTdReport15},
    {"tdx_5_report_15_ex", 5, TeeType::kTdx, BodyType::kTdReport15Ex},
};

constexpr Form kSgx3 = kForms[0];
constexpr Form kTdx4 = kForms[3];
constexpr Form kTdx5 = kForms[5];

QuoteParts sample(const Form& form = kSgx3) {
  QuoteParts p;
  p.version = form.version;
  p.tee = form.tee;
  p.body_type = form.body;
  if (form.version == 3) {
    p.qe_svn = 10;
    p.pce_svn = 13;
  }
  p.user_data.fill(7);
  p.body = Buffer(body_size(form.body), 0);
  for (std::size_t i = 0; i < 64; ++i)
    p.body[p.body.size() - 64 + i] = static_cast<std::uint8_t>(i);
  p.signature = Buffer(64, 1);
  p.attestation_key = Buffer(64, 2);
  p.qe_report = Buffer(kReportBodySize, 0);
  p.qe_signature = Buffer(64, 3);
  p.auth_data = Buffer(32, 4);
  p.certification_data = Buffer(100, 5);
  return p;
}

TEST(Quote, ReadsWhatItWritesInEveryForm) {
  for (const Form& form : kForms) {
    SCOPED_TRACE(form.name);
    const Buffer whole = write_quote(sample(form));
    const auto q = parse_quote(whole, form.tee);
    ASSERT_TRUE(q) << q.error().error.what();
    EXPECT_EQ(q->version, form.version);
    EXPECT_EQ(q->body_type, form.body);
    EXPECT_TRUE(equal(q->body, sample(form).body));
    EXPECT_TRUE(equal(q->signed_part(), write_signed_part(sample(form))));
    EXPECT_TRUE(equal(q->signature, sample().signature));
    EXPECT_TRUE(equal(q->attestation_key, sample().attestation_key));
    EXPECT_TRUE(equal(q->qe.auth_data, sample().auth_data));
    EXPECT_TRUE(equal(q->qe.certification_data, sample().certification_data));
    EXPECT_EQ(q->qe.certification_type, 5);
    EXPECT_EQ(write_quote(parts_of(*q)), whole);
  }
}

// Sizes as the specification has them: header 48, bodies 384, 584, 648 and 885, descriptor 6.
TEST(Quote, TheSignedPartHasTheSpecificationsSize) {
  constexpr std::size_t kSizes[] = {432, 432, 438, 632, 638, 702, 939};
  for (std::size_t i = 0; i < std::size(kForms); ++i)
    EXPECT_EQ(write_signed_part(sample(kForms[i])).size(), kSizes[i]) << kForms[i].name;
}

TEST(Quote, ACutAtEveryLengthFailsTheSizeCheckInEveryForm) {
  for (const Form& form : kForms) {
    const Buffer whole = write_quote(sample(form));
    for (std::size_t n = 0; n < whole.size(); ++n) {
      const auto q = parse_quote(Bytes(whole).first(n), form.tee);
      ASSERT_FALSE(q) << form.name << " " << n;
      EXPECT_EQ(q.error().check, CheckId::kQuoteSize) << form.name << " " << n;
      EXPECT_EQ(q.error().error.code(), Errc::kTruncated) << form.name << " " << n;
    }
  }
}

TEST(Quote, BytesBehindItAreRefusedInEveryForm) {
  for (const Form& form : kForms) {
    Buffer whole = write_quote(sample(form));
    whole.push_back(0);
    EXPECT_EQ(parse_quote(whole, form.tee).error().check, CheckId::kQuoteSize);
    EXPECT_EQ(parse_quote(whole, form.tee).error().error.code(), Errc::kMalformed);
  }
}

struct FormCase {
  const char* name;
  Form form;
  std::size_t offset;
  std::uint8_t value;
  CheckId want;
  Errc code;
};

// Where the certification data's size stands.
constexpr std::size_t kSize3 = 436 + 64 + 64 + 384 + 64 + 2 + 32 + 2;
constexpr std::size_t kOuter4 = 48 + 584 + 4 + 64 + 64;

constexpr FormCase kCases[] = {
    {"version_2", kSgx3, 0, 2, CheckId::kQuoteVersion, Errc::kUnsupported},
    {"version_6", kSgx3, 0, 6, CheckId::kQuoteVersion, Errc::kUnsupported},
    {"version_259", kSgx3, 1, 1, CheckId::kQuoteVersion, Errc::kUnsupported},
    {"key_type_p384", kSgx3, 2, 3, CheckId::kQuoteAttKeyType, Errc::kUnsupported},
    {"tee_type_tdx_in_3", kSgx3, 4, 0x81, CheckId::kQuoteTeeType, Errc::kMalformed},
    {"tee_type_sgx_in_tdx", kTdx4, 4, 0, CheckId::kQuoteTeeType, Errc::kMalformed},
    {"tdx_in_version_3", kTdx4, 0, 3, CheckId::kQuoteTeeType, Errc::kMalformed},
    {"header_reserved", kTdx4, 8, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"header_reserved_last", kTdx5, 11, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"vendor", kSgx3, 12, 0, CheckId::kQuoteVendorId, Errc::kUnsupported},
    {"vendor_last", kSgx3, 27, 0, CheckId::kQuoteVendorId, Errc::kUnsupported},
    {"body_type_0", kTdx5, 48, 0, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_type_sgx_in_tdx", kTdx5, 48, 1, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_type_5", kTdx5, 48, 5, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_type_4_with_the_size_of_3", kTdx5, 48, 4, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_type_tdx_in_sgx", kForms[2], 48, 2, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_of_another_size", kTdx5, 48, 2, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"body_size", kTdx5, 50, 0x89, CheckId::kQuoteBodyType, Errc::kMalformed},
    {"reserved1_first", kSgx3, 48 + 20, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved1_last", kSgx3, 48 + 31, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved2_first", kSgx3, 48 + 96, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved2_last", kSgx3, 48 + 127, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved3_first", kSgx3, 48 + 160, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved3_last", kSgx3, 48 + 191, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved4_first", kSgx3, 48 + 262, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"reserved4_last", kForms[2], 54 + 303, 1, CheckId::kQuoteReserved, Errc::kMalformed},
    {"signature_data_longer", kSgx3, 432, 255, CheckId::kQuoteSize, Errc::kTruncated},
    {"signature_data_shorter", kSgx3, 432, 1, CheckId::kQuoteSize, Errc::kMalformed},
    {"certification_longer", kSgx3, kSize3, 101, CheckId::kQuoteSize, Errc::kTruncated},
    {"certification_shorter", kSgx3, kSize3, 99, CheckId::kQuoteSize, Errc::kMalformed},
    {"outer_type_5", kTdx4, kOuter4, 5, CheckId::kCertificationDataType, Errc::kUnsupported},
    {"outer_size_longer", kTdx4, kOuter4 + 3, 9, CheckId::kQuoteSize, Errc::kTruncated},
    {"outer_size_shorter", kTdx4, kOuter4 + 3, 0, CheckId::kQuoteSize, Errc::kMalformed},
    {"inner_size_shorter", kTdx4, kOuter4 + 6 + 384 + 64 + 2 + 32 + 2, 99, CheckId::kQuoteSize,
     Errc::kMalformed},
};

TEST(Quote, EachMistakeOfFormFailsItsCheck) {
  for (const FormCase& c : kCases) {
    SCOPED_TRACE(c.name);
    Buffer whole = write_quote(sample(c.form));
    ASSERT_NE(whole[c.offset], c.value);
    whole[c.offset] = c.value;
    const auto q = parse_quote(whole, c.form.tee);
    ASSERT_FALSE(q);
    EXPECT_EQ(q.error().check, c.want);
    EXPECT_EQ(q.error().error.code(), c.code);
  }
}

TEST(Quote, LimitsHoldAtTheirValueAndNotOneAbove) {
  for (const Form& form : {kSgx3, kTdx5}) {
    QuoteParts p = sample(form);
    p.auth_data = Buffer(kMaxAuthData, 1);
    p.certification_data = Buffer(kMaxCertificationData, 1);
    EXPECT_TRUE(parse_quote(write_quote(p), form.tee));
    p.auth_data.push_back(1);
    EXPECT_EQ(parse_quote(write_quote(p), form.tee).error().check, CheckId::kQuoteSize);
    p.auth_data.pop_back();
    p.certification_data.push_back(1);
    EXPECT_EQ(parse_quote(write_quote(p), form.tee).error().check, CheckId::kQuoteSize);
    EXPECT_EQ(parse_quote(Buffer(kMaxQuoteSize + 1, 3), form.tee).error().error.code(),
              Errc::kLimit);
  }
}

TEST(Quote, TheLayoutCoversEveryByteOnceInEveryForm) {
  for (const Form& form : kForms) {
    SCOPED_TRACE(form.name);
    const Buffer whole = write_quote(sample(form));
    const auto quote = parse_quote(whole, form.tee);
    const std::vector<attest::LayoutField> body = {
        {.offset = quote->body_at, .size = quote->body.size(), .name = "body"}};
    std::size_t at = 0;
    for (const auto& field : quote_layout(*quote, body)) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, whole.size());
  }
}

}  // namespace
}  // namespace ward::dcap
