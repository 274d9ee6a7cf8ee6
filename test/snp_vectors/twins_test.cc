// Real reports with one thing changed, and with certificates of other chips: exactly which checks
// say so.
#include <ios>

#include <gtest/gtest.h>

#include "tee/all.h"
#include "tee/snp/report.h"
#include "test/snp_vectors/vectors.h"

namespace ward::test::snp {
namespace {

using attest::Appraisal;
using attest::Verdict;
using namespace ward::snp::report;  // NOLINT(google-build-using-namespace): the fields' names

constexpr const char* kAt = "2025-08-01T00:00:00Z";
constexpr const char* kMilan2 = "snp/report_v2_vcek_120d77b2.bin";
constexpr const char* kGenoa3 = "snp/report_v3_vcek_227a641d.bin";
constexpr const char* kVlek3 = "snp/report_v3_vlek_decdab94.bin";
constexpr const char* kTurin5 = "snp/report_v5_vcek_3f44a09b.bin";

const Ids kSigned = {"snp.report.signature"};
const Ids kReserved = {"snp.report.reserved"};
const Ids kAhead = {"snp.report.signature", "snp.version.committed_current"};
const Ids kForm = {"snp.signature.form"};

// What no TEE takes for its evidence is refused before there is a check to name.
const Ids kUnknown = {};
// Quotes of versions 3 and 5 begin with the same octets, and are older.
const Ids kTakenForSgx = {"sgx.quote.att_key_type"};

Ids and_signature(Ids more) {
  more.emplace_back("snp.report.signature");
  return more;
}

// Region is a run of octets, and what must fail where bit (octet mod 8) of any of them is flipped.
struct Region {
  std::size_t begin;
  std::size_t end;
  Ids failed;
};

template <class F>
Region all_of(Ids failed) {
  return {F::kBegin, F::kEnd, std::move(failed)};
}

// octet is one octet of a field.
template <class F>
Region octet(std::size_t i, Ids failed) {
  return {F::kBegin + i, F::kBegin + i + 1, std::move(failed)};
}

// What every form has, but for the versions of the TCB and what depends on the report's version.
std::vector<Region> common() {
  const Ids vmpl = {"snp.report.vmpl_range"};
  const auto rs = [](std::size_t begin) {
    return std::vector<Region>{{begin, begin + 48, kSigned}, {begin + 48, begin + 72, kForm}};
  };
  std::vector<Region> out = {
      {0x001, 0x002, kUnknown},
      {0x002, 0x004, kTakenForSgx},
      all_of<GuestSvn>(kSigned),
      {0x008, 0x00a, kSigned},                        // ABI_MINOR, ABI_MAJOR
      {0x00b, 0x00c, {"snp.guest_policy.reserved"}},  // bit 27
      {0x00c, 0x010, kTakenForSgx},  // its upper half is reserved: bits 36, 45, 54 and 63
      all_of<FamilyId>(kSigned),
      all_of<ImageId>(kSigned),
      {0x031, 0x034, vmpl},
      all_of<SignatureAlgo>(kTakenForSgx),
      all_of<PlatformInfo>(kSigned),  // every bit is a claim
      {0x048, 0x049, kSigned},        // AUTHOR_KEY_EN
      {0x049, 0x04c, kReserved},
      all_of<Reserved1>(kReserved),
      all_of<ReportData>(kSigned),
      all_of<Measurement>(kSigned),
      all_of<HostData>(kSigned),
      all_of<IdKeyDigest>(kSigned),
      all_of<AuthorKeyDigest>(kSigned),
      all_of<ReportId>(kSigned),
      all_of<ReportIdMa>(kSigned),
      all_of<Reserved2>(kReserved),
      all_of<Reserved3>(kReserved),
      all_of<Reserved4>(kReserved),
      all_of<Reserved5>(kReserved),
      all_of<SignatureReserved>(kForm),
  };
  for (const std::size_t begin : {SignatureR::kBegin, SignatureS::kBegin}) {
    for (const Region& r : rs(begin))
      out.push_back(r);
  }
  return out;
}

// Twin is a report, its own three certificates, and a time.
struct Twin {
  Buffer report;
  attest::Collateral documents;
  std::string at = kAt;

  [[nodiscard]] bool recognised() const {
    return attest::recognise(tee::all_schemes(), report) != nullptr;
  }

  [[nodiscard]] Appraisal judged() const {
    return judge(report, documents, at, without_revocation());
  }
};

Twin of(const char* file) { return {octets(file), chain_of(file)}; }

void expect_flips(const char* file, const std::vector<Region>& regions) {
  const Twin good = of(file);
  ASSERT_EQ(good.judged().verdict, Verdict::kAccepted);
  std::vector<bool> covered(good.report.size());
  for (const Region& region : regions) {
    for (std::size_t at = region.begin; at < region.end; ++at) {
      covered.at(at) = true;
      Twin twin = good;
      twin.report[at] = static_cast<std::uint8_t>(twin.report[at] ^ (1U << (at % 8)));
      ASSERT_EQ(twin.recognised(), region.failed != kUnknown) << std::hex << at;
      if (!twin.recognised()) continue;
      const Appraisal a = twin.judged();
      EXPECT_EQ(a.failed(), region.failed) << std::hex << at;
      EXPECT_EQ(a.verdict, Verdict::kRefused) << std::hex << at;
    }
  }
  for (std::size_t at = 0; at < covered.size(); ++at)
    EXPECT_TRUE(covered[at]) << "no region has octet " << std::hex << at;
}

// The parts of a TCB version get higher by the flip; those without a meaning are no longer zero.
void add_tcb(std::size_t begin, bool turin, const Ids& higher, const Ids& reserved,
             std::vector<Region>& out) {
  const std::size_t from = turin ? 4 : 2;
  const std::size_t to = turin ? 7 : 6;
  out.push_back({begin, begin + from, higher});
  out.push_back({begin + from, begin + to, reserved});
  out.push_back({begin + to, begin + 8, higher});
}

// What depends on the line or on the report's version.
std::vector<Region> regions_of(bool turin) {
  const Ids reserved = {"snp.report.signature", "snp.tcb.reserved"};
  const Ids reported = {"snp.vek.tcb", "snp.report.signature", "snp.tcb.reported_committed"};
  const Ids committed = {"snp.report.signature", "snp.tcb.committed_current"};
  const Ids launch = {"snp.report.signature", "snp.tcb.launch_current"};
  std::vector<Region> out = {
      octet<Policy>(2, {"snp.report.signature", "snp.guest_policy.migrate_ma"}),  // bit 18
      octet<Vmpl>(0, kSigned),                                                    // 0 to 1
      all_of<CpuidFamId>({"snp.product.known", "snp.report.signature"}),
      all_of<CpuidModId>(kSigned),  // of the same line
      all_of<CpuidStep>(kSigned),
      all_of<ChipId>({"snp.vek.hwid", "snp.report.signature"}),
      all_of<CurrentMajor>(kSigned),  // higher
      octet<CommittedMajor>(0, kAhead),
      all_of<LaunchMitVector>(turin ? kSigned : kReserved),
      all_of<CurrentMitVector>(turin ? kSigned : kReserved),
  };
  add_tcb(CurrentTcb::kBegin, turin, kSigned, reserved, out);
  add_tcb(ReportedTcb::kBegin, turin, reported,
          {"snp.vek.tcb", "snp.report.signature", "snp.tcb.reserved"}, out);
  add_tcb(CommittedTcb::kBegin, turin, committed, reserved, out);
  add_tcb(LaunchTcb::kBegin, turin, launch, reserved, out);
  return out;
}

std::vector<Region> all_regions(bool turin, std::vector<Region> own) {
  for (const auto& list : {common(), regions_of(turin)})
    own.insert(own.end(), list.begin(), list.end());
  return own;
}

// Firmware 1.55.40: a bit that was set gets lower, another one higher.
TEST(SnpTwins, EveryFlippedOctetOfAGenoaReportFailsItsChecks) {
  WARD_NEED_VECTORS();
  expect_flips(
      kGenoa3,
      all_regions(false, {octet<Version>(0, kReserved),  // 2 has no CPUID
                          all_of<CurrentBuild>(kSigned), all_of<CurrentMinor>(kAhead),
                          all_of<CommittedBuild>(kAhead), all_of<CommittedMinor>(kSigned)}));
}

// Firmware 1.55.61.
TEST(SnpTwins, EveryFlippedOctetOfATurinReportFailsItsChecks) {
  WARD_NEED_VECTORS();
  expect_flips(
      kTurin5,
      all_regions(true, {octet<Version>(0, kSigned),  // 5 to 4
                         all_of<CurrentBuild>(kAhead), all_of<CurrentMinor>(kAhead),
                         all_of<CommittedBuild>(kSigned), all_of<CommittedMinor>(kSigned)}));
}

TEST(SnpTwins, EveryLengthButTheWholeIsRefused) {
  WARD_NEED_VECTORS();
  const Twin good = of(kGenoa3);
  for (std::size_t n = 0x38; n < good.report.size(); ++n) {
    Twin twin = good;
    twin.report.resize(n);
    ASSERT_TRUE(twin.recognised()) << n;
    EXPECT_EQ(twin.judged().failed(), Ids{"snp.report.form"}) << n;
  }
  Twin longer = good;
  longer.report.push_back(0);
  EXPECT_EQ(longer.judged().failed(), Ids{"snp.report.form"});
}

TEST(SnpTwins, RAndSInEachOthersPlaceAreNoSignature) {
  WARD_NEED_VECTORS();
  for (const char* file : {kMilan2, kGenoa3, kVlek3, kTurin5}) {
    SCOPED_TRACE(file);
    Twin twin = of(file);
    std::swap_ranges(twin.report.begin() + SignatureR::kBegin,
                     twin.report.begin() + SignatureR::kEnd,
                     twin.report.begin() + SignatureS::kBegin);
    EXPECT_EQ(twin.judged().failed(), kSigned);
  }
}

TEST(SnpTwins, OctetsAbove48OfRAndSAreRefused) {
  WARD_NEED_VECTORS();
  for (const char* file : {kMilan2, kGenoa3, kVlek3, kTurin5}) {
    for (const std::size_t at : {SignatureR::kBegin + 48, SignatureR::kEnd - 1,
                                 SignatureS::kBegin + 48, SignatureS::kEnd - 1}) {
      Twin twin = of(file);
      twin.report[at] = 1;
      EXPECT_EQ(twin.judged().failed(), kForm) << file << " " << std::hex << at;
    }
  }
}

TEST(SnpTwins, AnotherTcbThanTheCertificatesIsNamed) {
  WARD_NEED_VECTORS();

  struct Part {
    const char* file;
    std::size_t octet;  // of REPORTED_TCB, one of whose parts is lowered
  };

  for (const Part& part : {Part{kMilan2, 6}, Part{kGenoa3, 7}, Part{kVlek3, 0}, Part{kTurin5, 1},
                           Part{kTurin5, 3}, Part{kTurin5, 7}}) {
    SCOPED_TRACE(part.file);
    Twin twin = of(part.file);
    --twin.report[ReportedTcb::kBegin + part.octet];
    EXPECT_EQ(twin.judged().failed(), and_signature({"snp.vek.tcb"}));
    // With all certificates at hand, the one for that level is what is missing.
    twin.documents = certificates();
    EXPECT_EQ(twin.judged().failed(), Ids{});
    EXPECT_EQ(absent_of(twin.judged()), Ids{"snp.vek.present"});
  }
}

TEST(SnpTwins, AnotherChipsCertificateOfTheSameTcbIsNamed) {
  WARD_NEED_VECTORS();

  struct Pair {
    const char* report;
    const char* own;
    const char* other;
  };

  for (const Pair& pair :
       {Pair{kGenoa3, "snp/certs/SEV-VCEK-Genoa_c065f729.pem",
             "snp/certs/SEV-VCEK-Genoa_ab5a6bc8.pem"},
        Pair{"snp/report_v3_vcek_2cf09fff.bin", "snp/certs/SEV-VCEK-Milan-B0_b67b09bf.pem",
             "snp/certs/SEV-VCEK-Milan-B0_d63fc253.pem"},
        Pair{kMilan2, "snp/certs/SEV-VCEK-Milan-B0_3bbfb6ee.pem",
             "snp/certs/SEV-VCEK-Milan-B0_34309875.pem"}}) {
    SCOPED_TRACE(pair.report);
    Twin twin = of(pair.report);
    for (attest::Document& d : twin.documents.documents) {
      if (d.name == pair.own) d = documents({pair.other}).documents.front();
    }
    EXPECT_EQ(twin.judged().failed(), (Ids{"snp.vek.hwid", "snp.report.signature"}));
  }
}

// The other chip's report with this chip's name: both fit the certificate, and only the signature
// tells.
TEST(SnpTwins, AReportUnderAnotherChipsNameIsNotSignedByIt) {
  WARD_NEED_VECTORS();
  Twin twin = of(kGenoa3);
  const Buffer other = octets("snp/report_v3_vcek_8d8bfb3e.bin");
  std::copy(other.begin() + ChipId::kBegin, other.begin() + ChipId::kEnd,
            twin.report.begin() + ChipId::kBegin);
  twin.documents = chain_of("snp/report_v3_vcek_8d8bfb3e.bin");
  EXPECT_EQ(twin.judged().failed(), kSigned);
}

TEST(SnpTwins, AnExpiredVlekIsRefusedAndOthersAreNotYetValid) {
  WARD_NEED_VECTORS();
  Twin twin = of(kVlek3);  // 2024-12-10T22:14:21Z to 2025-12-10T22:14:21Z
  const auto failed = [&](const char* at) {
    twin.at = at;
    return twin.judged().failed();
  };
  EXPECT_EQ(failed("2024-12-10T22:14:20Z"), Ids{"snp.vek_chain.not_before"});
  EXPECT_EQ(failed("2024-12-10T22:14:21Z"), Ids{});
  EXPECT_EQ(failed("2025-12-10T22:14:21Z"), Ids{});
  EXPECT_EQ(failed("2025-12-10T22:14:22Z"), Ids{"snp.vek_chain.not_after"});
  EXPECT_EQ(failed("2026-10-09T00:00:00Z"), Ids{"snp.vek_chain.not_after"});
}

// The VLEK's intermediate does not vouch for a VCEK, nor another line's root for this line.
TEST(SnpTwins, WithoutItsIntermediateOrRootTheCertificateThatIsMissingIsNamed) {
  WARD_NEED_VECTORS();

  struct Part {
    const char* file;
    const char* ask;
    const char* address;
  };

  for (const Part& part : {Part{kVlek3, "snp/certs/SEV-VLEK-Milan_c5e081f5.pem",
                                "https://kdsintf.amd.com/vlek/v1/Milan/cert_chain"},
                           Part{kGenoa3, "snp/certs/SEV-Genoa_5464738c.pem",
                                "https://kdsintf.amd.com/vcek/v1/Genoa/cert_chain"},
                           Part{kTurin5, "snp/certs/SEV-Turin_5b77ef5f.pem",
                                "https://kdsintf.amd.com/vcek/v1/Turin/cert_chain"}}) {
    SCOPED_TRACE(part.file);
    Twin twin = of(part.file);
    twin.documents = all_but(certificates(), part.ask);
    const Appraisal a = twin.judged();
    EXPECT_EQ(a.verdict, Verdict::kUndetermined);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(absent_of(a), Ids{"snp.vek_chain.present"});
    EXPECT_NE(a.check("snp.vek_chain.present")->expected.find(part.address), std::string::npos);
  }
}

}  // namespace
}  // namespace ward::test::snp
