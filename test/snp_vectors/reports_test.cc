// Real SEV-SNP reports with all real certificates of AMD's that there are.
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "tee/snp/report.h"
#include "tee/snp/scheme.h"
#include "test/snp_vectors/vectors.h"

namespace ward::test::snp {
namespace {

using attest::Appraisal;
using attest::Verdict;

constexpr const char* kKinds[] = {"snp-report-v2", "snp-report-v3", "snp-report-v5"};

// What a claim is called in the manifest, and how its value is written there.
std::string manifest_value(const Appraisal& a, const std::string& word) {
  static const std::map<std::string, std::string> kNames = {{"debug", "guest_policy.debug"},
                                                            {"migrate", "guest_policy.migrate_ma"}};
  if (word == "abi") {
    return claim_text(a, "guest_policy.abi_major") + "." + claim_text(a, "guest_policy.abi_minor");
  }
  if (word == "cpuid") {
    std::string out;
    for (const char* part : {"cpuid_fam_id", "cpuid_mod_id", "cpuid_step"}) {
      const std::string number = claim_text(a, part);
      const auto octet = static_cast<std::uint8_t>(number.empty() ? 0 : std::stoul(number));
      out += to_hex(Bytes(&octet, 1));
    }
    return out;
  }
  const auto name = kNames.find(word);
  const std::string text = claim_text(a, name == kNames.end() ? word : name->second);
  if (text == "True" || text == "False") return text == "True" ? "1" : "0";
  return text;
}

TEST(SnpReports, ClaimsAreWhatTheManifestSays) {
  WARD_NEED_VECTORS();
  std::size_t reports = 0;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (std::ranges::count(kKinds, row["kind"]) == 0) continue;
    SCOPED_TRACE(row["file"]);
    const Appraisal a = judge(octets(row["file"]), {}, "2025-08-01T00:00:00Z");
    for (const auto& [word, value] : key_fields(row)) {
      std::string want = value;
      std::string is = manifest_value(a, word);
      if (want.ends_with("..")) {  // the manifest cuts long values
        want.resize(want.size() - 2);
        is.resize(std::min(is.size(), want.size()));
      }
      EXPECT_EQ(is, want) << word;
    }
    ++reports;
  }
  EXPECT_EQ(reports, judged().size());
}

TEST(SnpReports, EveryOctetHasItsPlaceInTheLayout) {
  WARD_NEED_VECTORS();
  for (const Judged& j : judged()) {
    SCOPED_TRACE(j.file);
    const auto layout = ward::snp::Snp().layout(octets(j.file));
    ASSERT_TRUE(layout);
    std::size_t at = 0;
    for (const attest::LayoutField& field : *layout) {
      EXPECT_EQ(field.offset, at) << field.name;
      at += field.size;
    }
    EXPECT_EQ(at, ward::snp::kReportSize);
  }
}

TEST(SnpReports, AReportIsWrittenBackOctetByOctet) {
  WARD_NEED_VECTORS();
  for (const Judged& j : judged()) {
    const Buffer raw = octets(j.file);
    const auto report = ward::snp::parse_report(raw);
    ASSERT_TRUE(report) << j.file;
    EXPECT_EQ(to_hex(ward::snp::write_report(report_parts(*report))), to_hex(raw)) << j.file;
  }
}

// AMD's address for the certificate of the key that signed the report (AMD 57230, VCEK).
std::string address(Bytes report, const std::string& line) {
  const auto spl = [&](std::size_t at) { return std::to_string(report[0x180 + at]); };
  return "https://kdsintf.amd.com/vcek/v1/" + line + "/" + to_hex(report.subspan(0x1a0, 64)) +
         "?blSPL=" + spl(0) + "&teeSPL=" + spl(1) + "&snpSPL=" + spl(6) + "&ucodeSPL=" + spl(7);
}

void expect_missing(const Judged& j, const Appraisal& a, Bytes report) {
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(absent_of(a), Ids{"snp.vek.present"});
  // Version 2 does not say of which line it is; those that lack a certificate here are Milan's.
  const std::string line = report[0] == 2 ? "{Milan|Genoa}" : "Milan";
  EXPECT_EQ(a.check("snp.vek.present")->expected,
            "the certificate of the VCEK that signed the report: " + address(report, line))
      << j.file;
}

TEST(SnpReports, EveryOneHasItsVerdictWithoutARevocationList) {
  WARD_NEED_VECTORS();
  std::set<std::string> seen;
  for (const Judged& j : judged()) {
    SCOPED_TRACE(j.file);
    const Buffer report = octets(j.file);
    const Appraisal a = judge(report, certificates(), j.at, without_revocation());
    if (j.vek == nullptr) {
      expect_missing(j, a, report);
    } else {
      EXPECT_EQ(a.verdict, Verdict::kAccepted) << failed_of(a);
      EXPECT_EQ(a.failed(), Ids{});
      EXPECT_EQ(absent_of(a), Ids{});
      EXPECT_FALSE(a.development);
      EXPECT_TRUE(std::ranges::count(a.unchecked, "revocation") == 1);
    }
    seen.insert(j.file);
  }
  std::map<std::string, std::size_t> kinds;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (std::ranges::count(kKinds, row["kind"]) == 0) continue;
    ++kinds[row["kind"]];
    EXPECT_TRUE(seen.contains(row["file"])) << row["file"];
  }
  for (const auto& [kind, count] : kinds)
    report_vectors(kind, count, count, 0);
}

// Azure's vTPM evidence of version 0 carries a report behind 32 octets of its own, as a list of
// numbers; the reports in its other versions stand in snp/.
Buffer azures_report() {
  constexpr std::size_t kHeader = 32;
  const std::string text = read_text(vectors("azure/az-snp-vtpm_evidence-v0.json"));
  std::istringstream numbers(text.substr(text.find('[', text.find("\"report\"")) + 1));
  Buffer out;
  unsigned number = 0;
  for (char comma = ','; comma == ',' && numbers >> number; numbers >> comma)
    out.push_back(static_cast<std::uint8_t>(number));
  EXPECT_EQ(out.size(), 2600U);
  return to_buffer(Bytes(out).subspan(kHeader, ward::snp::kReportSize));
}

TEST(SnpReports, TheOneInsideAzuresEvidenceIsAccepted) {
  WARD_NEED_VECTORS();
  const Appraisal a =
      judge(azures_report(), certificates(), "2025-08-01T00:00:00Z", without_revocation());
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << failed_of(a);
  EXPECT_EQ(claim_text(a, "product"), "Milan");
  EXPECT_EQ(claim_text(a, "vmpl"), "0");
}

TEST(SnpReports, HardwareAndADevelopmentPlatformAreToldApart) {
  WARD_NEED_VECTORS();
  for (const Judged& j : judged()) {
    SCOPED_TRACE(j.file);
    if (j.vek == nullptr) continue;
    expect_apart("snp/testdata/valid/genoa_4_vcek_extended", octets(j.file), certificates(), j.at,
                 without_revocation());
  }
}

TEST(SnpReports, WhereRevocationIsDemandedTheListIsNamedAsAbsent) {
  WARD_NEED_VECTORS();
  attest::Policy demanding = without_revocation();
  demanding.require_revocation = true;
  for (const Judged& j : judged()) {
    SCOPED_TRACE(j.file);
    const Appraisal a = judge(octets(j.file), certificates(), j.at, demanding);
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(absent_of(a), j.vek == nullptr ? Ids{"snp.vek.present"} : Ids{"snp.crl.present"});
    if (j.vek == nullptr) continue;
    const std::string file = j.vek;
    const std::string line = claim_text(a, "product_line");
    const char* key = file.find("VLEK") == std::string::npos ? "vcek" : "vlek";
    EXPECT_NE(
        a.check("snp.crl.present")
            ->expected.find("https://kdsintf.amd.com/" + std::string(key) + "/v1/" + line + "/crl"),
        std::string::npos);
  }
}

// The certificate that is named is the one that vouches: without it, no other does.
TEST(SnpReports, WithoutItsOwnCertificateNoOtherVouches) {
  WARD_NEED_VECTORS();
  for (const Judged& j : judged()) {
    if (j.vek == nullptr) continue;
    SCOPED_TRACE(j.file);
    const Appraisal a =
        judge(octets(j.file), all_but(certificates(), j.vek), j.at, without_revocation());
    // A VLEK's names no chip: that of another region of the same provider, for the same TCB, fits
    // too, and the signature tells.
    const bool other_region = std::string_view(j.file) == "snp/report_v3_vlek_decdab94.bin";
    EXPECT_EQ(a.failed(), other_region ? Ids{"snp.report.signature"} : Ids{});
    EXPECT_EQ(absent_of(a), other_region ? Ids{} : Ids{"snp.vek.present"});
  }
}

// Certificates that no key of AMD's signed: beside the right ones they change nothing, and
// SEV-Milan's key under another signature is no intermediate.
TEST(SnpReports, CertificatesThatAmdDidNotSignChangeNoVerdict) {
  WARD_NEED_VECTORS();
  attest::Collateral honest = certificates();
  std::size_t rejected = 0;
  for (Row& row : read_tsv(vectors("MANIFEST.tsv"))) {
    if (row["kind"] != "amd-cert" || !row["expected_verdict"].starts_with("reject")) continue;
    honest = all_but(std::move(honest), row["file"]);
    ++rejected;
  }
  EXPECT_EQ(rejected, 4U);
  for (const Judged& j : judged()) {
    SCOPED_TRACE(j.file);
    const Appraisal with = judge(octets(j.file), certificates(), j.at, without_revocation());
    const Appraisal without = judge(octets(j.file), honest, j.at, without_revocation());
    EXPECT_EQ(with.verdict, without.verdict);
    EXPECT_EQ(with.failed(), without.failed());
    EXPECT_EQ(absent_of(with), absent_of(without));
    if (claim_text(with, "vek.product_name") != "Milan-B0") continue;
    const Appraisal forged =
        judge(octets(j.file), all_but(certificates(), "snp/certs/SEV-Milan_67d303bd.pem"), j.at,
              without_revocation());
    EXPECT_EQ(forged.failed(), Ids{});
    EXPECT_EQ(absent_of(forged), Ids{"snp.vek_chain.present"});
  }
}

}  // namespace
}  // namespace ward::test::snp
