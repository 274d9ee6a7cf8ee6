// What a sender can put into evidence and collateral to keep a verifier busy: an answer comes all
// the same, and what a limit leaves out is noted. test/cli/hostile_test.py bounds time and memory.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "test/snp_checks/platform_fixture.h"

namespace ward::soft {
namespace {

using namespace snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using attest::Verdict;
using Ids = std::vector<std::string>;

// Bound ends the process where it needs more processor time than any answer may: it guards against
// hanging, and is far above what is needed.
class Bound {
 public:
  Bound() {
    constexpr rlim_t kSeconds = 30;
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    getrlimit(RLIMIT_CPU, &before_);
    rlimit limit = before_;
    limit.rlim_cur = static_cast<rlim_t>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + kSeconds;
    setrlimit(RLIMIT_CPU, &limit);
  }

  ~Bound() { setrlimit(RLIMIT_CPU, &before_); }

  Bound(const Bound&) = delete;
  Bound& operator=(const Bound&) = delete;

 private:
  rlimit before_{};
};

Buffer numbered(pki::CertificateSpec spec, std::vector<pki::Extension> more,
                const crypto::PrivateKey& key, unsigned number) {
  spec.serial = {0x41, static_cast<std::uint8_t>(number >> 8U), static_cast<std::uint8_t>(number)};
  spec.extensions.insert(spec.extensions.end(), more.begin(), more.end());
  return *pki::build_certificate(
      spec, [&](Bytes tbs) { return key.sign(crypto::SignatureAlgorithm::kRsaPssSha384, tbs); });
}

// A forger's own keys sign a report and `count` certificates for each place of the chain, which all
// fit one another.
attest::Collateral forgers_chains(Stage& s, unsigned count) {
  const AmdKeys& keys = keys_of("two");
  s.report_key = &keys.vcek;
  s.world.ark_cert.spki = keys.ark.public_key().to_spki();
  s.world.ask_cert.spki = keys.ask.public_key().to_spki();
  s.world.vcek_cert.spki = keys.vcek.public_key().to_spki();
  attest::Collateral out;
  for (unsigned i = 0; i < count; ++i) {
    out.documents.push_back({"ark.der", numbered(s.world.ark_cert, {}, keys.ark, i)});
    out.documents.push_back({"ask.der", numbered(s.world.ask_cert, {}, keys.ark, i)});
    out.documents.push_back(
        {"vcek.der",
         numbered(s.world.vcek_cert, snp::write_vek_extensions(s.world.vcek), keys.ask, i)});
  }
  return out;
}

TEST(SnpHostile, ManyForgedChainsThatFitOneAnother) {
  Stage s = good_stage(kFaces[3]);
  Made m = make(s);
  m.documents = forgers_chains(s, 64);
  m.report = *sign_report(s.world.report, *s.report_key);
  const Bound bound;
  const Appraisal a = judge(m, s);
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(a.failed(), Ids{"snp.vek_chain.root"});
}

// The certificates of a whole fleet, among them the one: no limit keeps it out, since it fits.
TEST(SnpHostile, ThousandsOfCertificatesOfOtherChips) {
  Stage s = good_stage(kFaces[3]);
  Made m = make(s);
  Stage other = good_stage(kFaces[3]);
  (*other.world.vcek.hwid)[0] ^= 1U;
  const auto more = snp::write_vek_extensions(other.world.vcek);
  const Buffer one = numbered(other.world.vcek_cert, more, keys_of("one").ask, 0);
  const std::string pem = codec::to_pem("CERTIFICATE", one);
  std::string all;
  for (unsigned i = 0; i < 60; ++i)
    all += pem;
  for (unsigned i = 0; i < 100; ++i)
    m.documents.documents.insert(m.documents.documents.begin(),
                                 {"fleet.pem", to_buffer(as_bytes(all))});
  const Bound bound;
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
}

// Sixty-four entries that each are the whole table's certificates, and one octet more.
TEST(SnpHostile, ATableOfTheLargestSizeWithEntriesThatOverlap) {
  Stage s = good_stage(kFaces[2]);
  Made m = make(s);
  const std::string pem = codec::to_pem("CERTIFICATE", m.collateral.vcek);
  std::string certificates;
  for (std::size_t i = 0; i < codec::kMaxPemBlocks; ++i)
    certificates += pem;
  std::vector<snp::TableEntry> entries(63, {"VCEK", {}});
  entries.push_back({"VCEK", to_buffer(as_bytes(certificates))});
  Buffer table = snp::write_table(entries);
  for (std::size_t i = 0; i < 63; ++i) {  // offset and length of the last
    std::copy_n(table.begin() + 63 * 24 + 16, 8,
                table.begin() + static_cast<std::ptrdiff_t>(i * 24 + 16));
  }
  table.resize(snp::kMaxTableSize, 0);
  m.evidence = concat({m.report, table});
  const auto chain = m.collateral.documents(snp::SigningKey::kVcek).documents;
  m.documents.documents.insert(m.documents.documents.end(), chain.begin(), chain.end());
  {
    const Bound bound;
    const Appraisal a = judge(m, s);
    EXPECT_EQ(a.failed(), std::vector<std::string>{"snp.report.form"});
  }
  m.evidence.push_back(0);
  EXPECT_EQ(judge(m, s).failed(), Ids{"snp.report.form"});
}

TEST(SnpHostile, JsonOfFourMebibytes) {
  Stage s = good_stage(kFaces[3]);
  Made m = make(s);
  m.evidence = to_buffer(as_bytes(std::string(R"({"attestation_report":{)")));
  m.evidence.resize(4U << 20U, ' ');
  m.evidence.push_back('}');
  const Bound bound;
  EXPECT_EQ(judge(m, s).failed(), Ids{"snp.report.form"});
}

// As many entries as a list may have, rightly signed; and one more, which is no list of ward's.
TEST(SnpHostile, ARevocationListOfAHundredThousandEntries) {
  Stage s = good_stage(kFaces[3]);
  for (std::size_t i = 0; i < pki::kMaxRevoked; ++i) {
    s.world.crl.revoked.push_back(
        {{0x41, static_cast<std::uint8_t>(i >> 16U), static_cast<std::uint8_t>(i >> 8U),
          static_cast<std::uint8_t>(i)},
         kFrom});
  }
  const Made m = make(s);
  const Bound bound;
  EXPECT_EQ(judge(m, s).verdict, Verdict::kAccepted);
  s.world.crl.revoked.back().serial = s.world.ask_cert.serial;
  EXPECT_EQ(judge(make(s), s).failed(), Ids{"snp.ask.revocation"});
}

}  // namespace
}  // namespace ward::soft
