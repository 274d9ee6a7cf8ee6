// Recorded evidence of Azure's machines, each with its right verdict. The list of vectors says of
// most only that runtime data and report fit: which key signed which quote, which certificate is
// whose, and that the PCR values fit, was established with Python's `cryptography` and openssl, and
// stands here.
#include "test/support/vectors.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/reader.h"
#include "codec/json.h"
#include "tee/azure/scheme.h"
#include "tee/azure/verify.h"
#include "tee/dcap/quote.h"
#include "verifier/verifier.h"

namespace ward::azure {
namespace {

using attest::Appraisal;
using attest::NotDone;
using attest::Verdict;
using Ids = std::vector<std::string>;

constexpr const char* kAmdTime = "2025-08-01T00:00:00Z";

std::filesystem::path vectors(const std::string& name) { return test::vectors_dir() / name; }

Buffer octets(const std::string& name) { return test::read_file(vectors("azure/" + name)); }

attest::Collateral folder(std::initializer_list<const char*> names) {
  attest::Collateral out;
  for (const char* name : names) {
    for (const auto& entry : std::filesystem::directory_iterator(vectors(name))) {
      out.documents.push_back({entry.path().filename(), test::read_file(entry.path())});
    }
  }
  return out;
}

// AMD's certificates; the vectors hold none of AMD's revocation lists.
attest::Collateral of_amd() { return folder({"snp/certs"}); }

attest::Collateral of_intel() {
  return folder({"dcap/tcbinfo", "dcap/qeid", "dcap/crl", "dcap/certs"});
}

attest::Policy without_revocation() {
  attest::Policy out;
  out.require_revocation = false;
  return out;
}

Appraisal judge(const Buffer& evidence, const attest::Collateral& collateral, const char* at,
                const attest::Policy& policy = without_revocation(),
                attest::Expectations expected = {attest::Unchecked{}, attest::Unchecked{},
                                                 attest::Unchecked{}}) {
  static const Azure kAzure;
  static const attest::Scheme* const kSchemes[] = {&kAzure};
  const verifier::Verifier verifier(kSchemes, {}, policy);
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = collateral,
                                .now = *parse_rfc3339(at),
                                .expected = std::move(expected)});
  return out ? *std::move(out) : Appraisal{};
}

Ids absent_of(const Appraisal& appraisal) {
  Ids out;
  for (const attest::Check& c : appraisal.checks) {
    if (c.not_done == NotDone::kAbsent) out.emplace_back(c.info->id);
  }
  return out;
}

std::string claim(const Appraisal& a, std::string_view name) {
  const auto found = std::ranges::find(a.claims, name, &attest::Claim::name);
  return found == a.claims.end() ? "" : attest::value_texts(found->value).at(0);
}

// What a test says of files of the folder, for the table of vectors.
void report(const char* kind, std::initializer_list<const char*> names) {
  std::set<std::string> files;
  for (const char* name : names)
    files.insert(std::string("azure/") + name);
  test::report_files(kind, files);
}

void report_snp(std::initializer_list<const char*> names) { report("azure-snp-vtpm", names); }

void report_tdx(std::initializer_list<const char*> names) { report("azure-tdx-vtpm", names); }

Buffer challenge() { return to_buffer(as_bytes("challenge")); }

constexpr const char* kSnpFiles[] = {"az-snp-vtpm_evidence-v0.json", "az-snp-vtpm_evidence-v1.json",
                                     "az-snp-vtpm_evidence-v2.json"};

TEST(AzureVectors, TrusteesSnpEvidenceOfEveryVersionIsAccepted) {
  WARD_NEED_VECTORS();
  for (const char* file : kSnpFiles) {
    SCOPED_TRACE(file);
    const Appraisal a = judge(octets(file), of_amd(), kAmdTime);
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_FALSE(a.development);
    EXPECT_EQ(a.facts.debug, false);
    EXPECT_EQ(claim(a, "snp.product_line"), "Milan");
    EXPECT_EQ(claim(a, "vm.secure_boot"), "true");
    EXPECT_EQ(claim(a, "tpm.quote.pcr_selection"),
              "sha256:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23");
    EXPECT_EQ(a.facts.measurement.size(), 48U);
    EXPECT_EQ(a.facts.workload.size(), 32U);
  }
  report_snp({kSnpFiles[0], kSnpFiles[1], kSnpFiles[2]});
}

TEST(AzureVectors, TheQuotesNonceIsTheReportData) {
  WARD_NEED_VECTORS();
  const attest::Unchecked none;
  for (const char* file : {kSnpFiles[0], kSnpFiles[1]}) {
    const Appraisal a = judge(octets(file), of_amd(), kAmdTime, without_revocation(),
                              {std::vector<Buffer>{challenge()}, none, none});
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    Buffer padded = challenge();
    padded.resize(64);
    EXPECT_EQ(judge(octets(file), of_amd(), kAmdTime, without_revocation(),
                    {std::vector<Buffer>{padded}, none, none})
                  .failed(),
              Ids{"azure.report_data.expected"});
  }
  // The second version's nonce stands in the runtime data as well: the guest wrote it there.
  const Appraisal second = judge(octets(kSnpFiles[2]), of_amd(), kAmdTime);
  EXPECT_EQ(second.facts.report_data.size(), 48U);
  EXPECT_EQ(claim(second, "user_data"), to_hex(second.facts.report_data) + std::string(32, '0'));
}

TEST(AzureVectors, WithoutAmdsListsAPolicyThatDemandsThemCannotTell) {
  WARD_NEED_VECTORS();
  const Appraisal a = judge(octets(kSnpFiles[1]), of_amd(), kAmdTime, attest::Policy{});
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(absent_of(a), Ids{"azure.snp.crl.present"});
}

TEST(AzureVectors, WithoutAmdsChainNothingIsKnownOfTheHardware) {
  WARD_NEED_VECTORS();
  const Appraisal a = judge(octets(kSnpFiles[1]), {}, kAmdTime);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(absent_of(a), Ids{"azure.snp.vek_chain.present"});
  EXPECT_TRUE(a.failed().empty());
}

TEST(AzureVectors, AVcekIsNotValidBeforeItsTime) {
  WARD_NEED_VECTORS();
  EXPECT_EQ(judge(octets(kSnpFiles[1]), of_amd(), "2025-01-01T00:00:00Z").failed(),
            Ids{"azure.snp.vek_chain.not_before"});
}

// The evidence of one machine with the VCEK that was recorded beside it for others.
TEST(AzureVectors, AnotherMachinesVcekIsRefused) {
  WARD_NEED_VECTORS();
  Evidence e = *parse_evidence(octets(kSnpFiles[1]));
  e.vcek = parse_evidence(octets(kSnpFiles[2]))->vcek;
  const Appraisal a = judge(write_evidence(e), folder({}), kAmdTime);
  EXPECT_NE(a.verdict, Verdict::kAccepted);
}

// Flashbots' recordings, of one machine: the certificate beside the first one's AK is a
// placeholder, which nothing rests on.
TEST(AzureVectors, FlashbotsTdxEvidenceIsAccepted) {
  WARD_NEED_VECTORS();
  const auto files = {"flashbots_azure-tdx-1764620247665812984",
                      "flashbots_azure-tdx-1764662251380464271"};
  for (const char* file : files) {
    SCOPED_TRACE(file);
    const Appraisal a = judge(octets(file), of_intel(), "2026-01-27T15:54:59Z", attest::Policy{});
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_EQ(a.tcb.status, "UpToDate");
    EXPECT_EQ(claim(a, "vm.secure_boot"), "false");
    EXPECT_EQ(claim(a, "vm.unique_id"), "bdd43904-dbf8-4337-8b91-3adba92c5ebd");
    EXPECT_EQ(a.facts.report_data, Buffer(32));
    EXPECT_FALSE(a.notes.empty());
  }
  report_tdx(files);
}

// Recorded on a platform that lacked updates even then: genuine, and not of an accepted status.
TEST(AzureVectors, TrusteesTdxEvidenceIsOfAnOutdatedPlatform) {
  WARD_NEED_VECTORS();
  const Buffer evidence = octets("az-tdx-vtpm_evidence-v1.json");
  const Appraisal a = judge(evidence, of_intel(), "2025-06-10T00:00:00Z");
  EXPECT_EQ(a.failed(), Ids{"azure.tcb.status"});
  EXPECT_EQ(a.tcb.status, "OutOfDate");
  EXPECT_TRUE(a.genuine);
  EXPECT_EQ(claim(a, "vm.secure_boot"), "true");
  attest::Policy any;
  any.accept_any_tcb = true;
  EXPECT_EQ(judge(evidence, of_intel(), "2025-06-10T00:00:00Z", any).verdict, Verdict::kAccepted);
  EXPECT_EQ(judge(evidence, {}, "2025-06-10T00:00:00Z").verdict, Verdict::kUndetermined);
  report_tdx({"az-tdx-vtpm_evidence-v1.json"});
}

// The TD quote that stands beside Trustee's evidence is the one in it; of the other one, of no
// Azure machine, nothing here is evidence.
TEST(AzureVectors, WhatIsAPartAloneIsNoEvidenceOfThisKind) {
  WARD_NEED_VECTORS();
  const Evidence e = *parse_evidence(octets("az-tdx-vtpm_evidence-v1.json"));
  EXPECT_EQ(octets("az-tdx-vtpm_td-quote.bin"), e.td_quote);
  for (const char* file : {"az-tdx-vtpm_td-quote.bin", "flashbots_dcap-tdx-1766059550570652607"}) {
    EXPECT_TRUE(dcap::parse_quote(quote_of(octets(file)), dcap::TeeType::kTdx)) << file;
    EXPECT_EQ(Azure{}.recognises(octets(file)), attest::Recognition::kNo);
  }
  for (const char* file :
       {"az-snp-vtpm_quote.bin", "quote-kinvolk.bin", "hcl-report-snp-kinvolk.bin",
        "az-snp-vtpm_tpm-quote-v1.json", "az-tdx-vtpm_tpm-quote-v1.json", "az-snp-vtpm_vcek.pem",
        "az-snp-vtpm_vcek-genoa.pem"}) {
    EXPECT_EQ(Azure{}.recognises(octets(file)), attest::Recognition::kNo) << file;
  }
  report_snp({"az-snp-vtpm_quote.bin", "az-snp-vtpm_tpm-quote-v1.json", "az-snp-vtpm_vcek.pem",
              "az-snp-vtpm_vcek-genoa.pem"});
  report_tdx({"az-tdx-vtpm_td-quote.bin", "az-tdx-vtpm_tpm-quote-v1.json"});
  report("tdx", {"flashbots_dcap-tdx-1766059550570652607"});
}

TEST(AzureVectors, AnHclReportAloneIsReadAndWrittenAgain) {
  WARD_NEED_VECTORS();
  const Buffer octets_of = octets("hcl-report-snp-kinvolk.bin");
  const auto hcl = parse_hcl(octets_of);
  ASSERT_TRUE(hcl) << hcl.error();
  EXPECT_EQ(write_hcl(*hcl), octets_of);
  EXPECT_EQ(hcl->padding, 229U);
  const auto data = parse_runtime_data(hcl->runtime_data);
  ASSERT_TRUE(data) << data.error();
  EXPECT_TRUE(data->unknown.empty());
  EXPECT_EQ(data->current_time, 1678652405U);
  EXPECT_FALSE(data->user_data);
  EXPECT_EQ(data->keys.at(0).key_ops, std::vector<std::string>{"encrypt"});
  EXPECT_TRUE(attestation_key(*data));
  report("azure-hcl", {"hcl-report-snp-kinvolk.bin"});
}

// bincode, as the crate az-cvm-vtpm stores a quote: lengths of eight octets, little-endian.
struct StoredQuote {
  Buffer signature;
  Buffer message;
  std::vector<Buffer> pcrs;
};

StoredQuote stored(const Buffer& octets_of) {
  StoredQuote out;
  Reader r(octets_of);
  Bytes part;
  std::uint32_t size = 0;
  std::uint32_t zero = 0;
  EXPECT_TRUE(r.u32le(size) && r.u32le(zero) && r.bytes(size, part));
  out.signature = to_buffer(part);
  EXPECT_TRUE(r.u32le(size) && r.u32le(zero) && r.bytes(size, part));
  out.message = to_buffer(part);
  EXPECT_TRUE(r.u32le(size) && r.u32le(zero));
  for (std::uint32_t i = 0; i < size && r.bytes(32, part); ++i)
    out.pcrs.push_back(to_buffer(part));
  EXPECT_TRUE(r.empty());
  return out;
}

StoredQuote stored_json(const Buffer& octets_of) {
  const auto root = *codec::parse_json(octets_of);
  const auto hex = [](const codec::JsonValue& value) { return *from_hex(*value.as_string()); };
  StoredQuote out{hex(*root.find("signature")), hex(*root.find("message")), {}};
  for (const codec::JsonValue& item : root.find("pcrs")->items())
    out.pcrs.push_back(hex(item));
  return out;
}

// Quotes that were recorded without the report of their machine, put beside another machine's: the
// quote is whole, and its key is not the one that the hardware vouches for.
TEST(AzureVectors, QuotesOfOtherMachinesAreRefused) {
  WARD_NEED_VECTORS();
  for (const StoredQuote& quote :
       {stored(octets("az-snp-vtpm_quote.bin")), stored(octets("quote-kinvolk.bin")),
        stored_json(octets("az-snp-vtpm_tpm-quote-v1.json")),
        stored_json(octets("az-tdx-vtpm_tpm-quote-v1.json"))}) {
    Evidence e = *parse_evidence(octets(kSnpFiles[1]));
    e.signature = quote.signature;
    e.message = quote.message;
    e.pcrs = quote.pcrs;
    EXPECT_EQ(judge(write_evidence(e), of_amd(), kAmdTime).failed(),
              Ids{"azure.tpm.quote.signature"});
  }
}

// kinvolk's report, with the quote beside it, which another AK signed, and a VCEK of another chip.
TEST(AzureVectors, KinvolksPiecesAreOfDifferentMachines) {
  WARD_NEED_VECTORS();
  Evidence e = *parse_evidence(octets(kSnpFiles[1]));
  const StoredQuote quote = stored(octets("quote-kinvolk.bin"));
  e.hcl = octets("hcl-report-snp-kinvolk.bin");
  e.signature = quote.signature;
  e.message = quote.message;
  e.pcrs = quote.pcrs;
  const Appraisal a = judge(write_evidence(e), of_amd(), kAmdTime);
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(a.check("azure.runtime_data.bound")->outcome, attest::Outcome::kPassed);
  EXPECT_EQ(a.check("azure.tpm.quote.signature")->outcome, attest::Outcome::kFailed);
  report("azure-tpm-quote", {"quote-kinvolk.bin"});
}

TEST(AzureVectors, ASecondQuoteOfTheSameMachineIsAccepted) {
  WARD_NEED_VECTORS();
  const StoredQuote quote = stored_json(octets("az-tdx-vtpm_tpm-quote-v1.json"));
  Evidence e = *parse_evidence(octets("az-tdx-vtpm_evidence-v1.json"));
  e.signature = quote.signature;
  e.message = quote.message;
  e.pcrs = quote.pcrs;
  const Appraisal a = judge(write_evidence(e), of_intel(), "2025-06-10T00:00:00Z");
  EXPECT_EQ(a.check("azure.tpm.quote.signature")->outcome, attest::Outcome::kPassed);
}

// Every octet of the hardware's report and the runtime data of a real machine counts.
TEST(AzureVectors, AFlippedBitIsRefused) {
  WARD_NEED_VECTORS();
  const Evidence good = *parse_evidence(octets(kSnpFiles[1]));
  const attest::Collateral collateral = folder({});
  for (std::size_t at = 0; at < good.hcl.size(); at += 19) {
    Evidence e = good;
    e.hcl[at] ^= static_cast<std::uint8_t>(1U << (at % 8));
    EXPECT_EQ(judge(write_evidence(e), collateral, kAmdTime).verdict, Verdict::kRefused) << at;
  }
}

}  // namespace
}  // namespace ward::azure
