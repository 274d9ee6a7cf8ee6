#include "test/support/vectors.h"

#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "pki/certificate.h"
#include "pki/path.h"

namespace ward::pki {
namespace {

using test::read_file;
using test::read_text;
using test::read_tsv;
using test::vectors_dir;

// Real certificates and CRLs of Intel's PKI, with the fields that MANIFEST.tsv names for them.

using Row = std::map<std::string, std::string>;

std::vector<Row> manifest(std::string_view folder) {
  std::vector<Row> out;
  for (Row& row : read_tsv(vectors_dir() / "MANIFEST.tsv")) {
    if (row["file"].rfind(folder, 0) == 0) out.push_back(row);
  }
  return out;
}

// The value of `name` in "name=value name=value".
std::string field(const std::string& fields, const std::string& name) {
  std::istringstream in(fields);
  for (std::string word; in >> word;) {
    if (word.rfind(name + "=", 0) == 0) return word.substr(name.size() + 1);
  }
  return {};
}

// The serial's magnitude in hexadecimal digits.
std::string serial_text(Bytes serial) {
  if (serial.size() > 1 && serial[0] == 0) serial = serial.subspan(1);
  return to_hex(serial);
}

constexpr std::string_view kOffCurve = "dcap/certs/Root_CA_20180521_04c5dd85.pem";

std::string period(UnixTime from, UnixTime to) {
  return format_rfc3339(from) + ".." + format_rfc3339(to);
}

// Intel publishes this key of its root; the certificates of test CAs have the same names.
constexpr std::string_view kIntelRoot =
    "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e";

// The certificates that carry that key or are signed by it.
std::vector<Certificate> real_intel_certificates() {
  std::vector<Certificate> all;
  std::vector<Certificate> out;
  for (const Row& row : manifest("dcap/certs/")) {
    auto parsed = parse_certificates(read_text(vectors_dir() / row.at("file")));
    if (parsed) all.insert(all.end(), parsed->begin(), parsed->end());
  }
  for (const Certificate& root : all) {
    if (to_hex(root.spki_sha256) != kIntelRoot) continue;
    for (const Certificate& certificate : all) {
      if (signed_by(certificate, *root.public_key)) out.push_back(certificate);
    }
    break;
  }
  return out;
}

TEST(IntelVectors, CertificatesAgreeWithTheManifest) {
  WARD_NEED_VECTORS();
  const auto rows = manifest("dcap/certs/");
  ASSERT_EQ(rows.size(), 14U);
  for (const Row& row : rows) {
    const std::string& file = row.at("file");
    const auto got = parse_certificates(read_text(vectors_dir() / file));
    ASSERT_TRUE(got) << file << ": " << got.error().what();
    ASSERT_EQ(got->size(), 1U) << file;
    const Certificate& certificate = got->front();
    const std::string hash = to_hex(crypto::sha256(certificate.der));
    EXPECT_EQ(hash.substr(0, 16), field(row.at("key_fields"), "sha256")) << file;
    EXPECT_EQ(serial_text(certificate.serial), field(row.at("key_fields"), "serial")) << file;
    EXPECT_EQ(period(certificate.not_before, certificate.not_after), row.at("valid_time")) << file;
    EXPECT_EQ(certificate.subject.common_name(), row.at("what")) << file;
    EXPECT_EQ(certificate.version, 3) << file;
    // One root was altered by its makers' test suite: its key is not a point of the curve.
    EXPECT_EQ(certificate.public_key.has_value(), file != kOffCurve) << file;
  }
}

TEST(IntelVectors, CrlsAgreeWithTheManifest) {
  WARD_NEED_VECTORS();
  const auto rows = manifest("dcap/crl/");
  ASSERT_EQ(rows.size(), 53U);
  for (const Row& row : rows) {
    const std::string& file = row.at("file");
    const auto got = parse_crl(read_file(vectors_dir() / file));
    ASSERT_TRUE(got) << file << ": " << got.error().what();
    EXPECT_EQ(std::to_string(got->revoked.size()), field(row.at("key_fields"), "revoked")) << file;
    ASSERT_TRUE(got->next_update) << file;
    EXPECT_EQ(period(got->this_update, *got->next_update), row.at("valid_time")) << file;
    EXPECT_EQ(row.at("what").rfind(got->issuer.common_name() + " CRL", 0), 0U) << file;
    EXPECT_FALSE(got->unknown_critical || got->delta || got->issuing_distribution_point) << file;
    for (const RevokedEntry& entry : got->revoked)
      EXPECT_TRUE(got->revokes(entry.serial)) << file;
  }
}

TEST(IntelVectors, OnlyCrlsNotMarkedBadAreSignedByTheRealCa) {
  WARD_NEED_VECTORS();
  const auto certificates = real_intel_certificates();
  ASSERT_FALSE(certificates.empty());
  std::size_t bad = 0;
  for (const Row& row : manifest("dcap/crl/")) {
    const std::string& file = row.at("file");
    const auto crl = parse_crl(read_file(vectors_dir() / file));
    ASSERT_TRUE(crl) << file;
    bool signed_by_real = false;
    for (const Certificate& issuer : certificates) {
      if (!issuer.subject.matches(crl->issuer)) continue;
      signed_by_real = signed_by_real || signed_by(*crl, *issuer.public_key);
    }
    const bool marked = file.find("_BADSIG") != std::string::npos;
    EXPECT_EQ(signed_by_real, !marked) << file;
    bad += marked ? 1 : 0;
  }
  EXPECT_EQ(bad, 8U);
}

// The one real CA of this name whose key signed the CRL; nullptr where there is none.
const Certificate* real_signer(const std::vector<Certificate>& certificates, const Crl& crl) {
  for (const Certificate& issuer : certificates) {
    if (issuer.subject.matches(crl.issuer) && signed_by(crl, *issuer.public_key)) return &issuer;
  }
  return nullptr;
}

TEST(IntelVectors, AuthoritiesAndTheirCrlsAreRightAtTheTimeOfTheCrl) {
  WARD_NEED_VECTORS();
  const auto certificates = real_intel_certificates();
  std::vector<Crl> crls;
  for (const Row& row : manifest("dcap/crl/")) {
    auto crl = parse_crl(read_file(vectors_dir() / row.at("file")));
    ASSERT_TRUE(crl) << row.at("file");
    const Certificate* issuer = real_signer(certificates, *crl);
    if (issuer == nullptr) continue;
    EXPECT_TRUE(check_crl(*crl, *issuer, crl->this_update).empty()) << row.at("file");
    EXPECT_TRUE(check_crl(*crl, *issuer, *crl->next_update).empty()) << row.at("file");
    EXPECT_EQ(check_crl(*crl, *issuer, {crl->next_update->seconds + 1}),
              std::vector{PathFault::kCrlExpired});
    crls.push_back(std::move(*crl));
  }
  constexpr UnixTime kAt{1735689600};  // 2025-01-01: within one root CRL
  std::size_t intermediates = 0;
  for (const Certificate& certificate : certificates) {
    for (const Certificate& root : certificates) {
      if (certificate.self_issued() || !root.self_issued()) continue;
      const Certificate chain[] = {certificate, root};
      if (root.not_after < kAt || certificate.not_before > kAt) continue;
      const auto faults = check_path(chain, root.spki_sha256, {.at = kAt, .crls = crls});
      EXPECT_TRUE(faults.empty()) << certificate.subject.text() << ": "
                                  << to_string(faults.front().fault);
      ++intermediates;
    }
  }
  EXPECT_GT(intermediates, 0U);
}

TEST(AmdVectors, CertificatesAreSignedByWhatTheManifestSays) {
  WARD_NEED_VECTORS();
  // By the first digits of the certificate's hash, which its file name ends with.
  std::map<std::string, Certificate> certificates;
  const auto rows = manifest("snp/certs/");
  ASSERT_GT(rows.size(), 40U);
  const auto digits = [](const std::string& file) { return file.substr(file.size() - 12, 8); };
  for (const Row& row : rows) {
    const auto got = parse_certificates(read_text(vectors_dir() / row.at("file")));
    ASSERT_TRUE(got) << row.at("file") << ": " << got.error().what();
    EXPECT_EQ(got->front().subject.common_name(), row.at("what")) << row.at("file");
    certificates.emplace(digits(row.at("file")), got->front());
  }
  std::size_t altered = 0;
  for (const Row& row : rows) {
    const Certificate& certificate = certificates.at(digits(row.at("file")));
    EXPECT_EQ(certificate.issuer.common_name(), field(row.at("key_fields"), "issuer"));
    const std::string by = field(row.at("key_fields"), "sigver_by");
    if (by.empty()) ++altered;
    for (const auto& [id, issuer] : certificates) {
      if (!issuer.public_key || !issuer.subject.matches(certificate.issuer)) continue;
      EXPECT_EQ(signed_by(certificate, *issuer.public_key),
                !by.empty() && certificates.at(by).spki == issuer.spki)
          << row.at("file") << " by " << id;
    }
  }
  EXPECT_GT(altered, 0U);
}

}  // namespace
}  // namespace ward::pki
