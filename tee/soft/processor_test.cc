#include "tee/soft/processor.h"

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "tee/dcap/report_body.h"
#include "tee/soft/world.h"

namespace ward::soft {
namespace {

constexpr std::array<std::uint8_t, 64> kData = {4, 5, 6};

Secret<32> root(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return crypto::random_secret<32>(rng);
}

EnclaveIdentity keep(std::uint8_t n, std::uint16_t svn = 3) {
  EnclaveIdentity out;
  out.mr_enclave.fill(n);
  out.mr_signer.fill(9);
  out.config_id.fill(n);
  out.isv_svn = svn;
  return out;
}

TEST(Processor, ALocalReportVerifiesForItsTargetOnThisDeviceAlone) {
  const Processor p(root("a"), {1});
  const Processor other(root("b"), {1});
  crypto::Sha256Digest target{7};
  const Buffer report = p.report(keep(1), target, kData);
  ASSERT_EQ(report.size(), kReportSize);
  EXPECT_TRUE(p.verify_report(report, target));
  EXPECT_FALSE(p.verify_report(report, crypto::Sha256Digest{8}));
  EXPECT_FALSE(other.verify_report(report, target));
}

TEST(Processor, EveryFlippedBitOfAReportIsNoticed) {
  const Processor p(root("a"), {1});
  const crypto::Sha256Digest target{7};
  const Buffer report = p.report(keep(1), target, kData);
  for (std::size_t i = 0; i < report.size(); ++i) {
    Buffer flipped = report;
    flipped[i] ^= 1U;
    EXPECT_FALSE(p.verify_report(flipped, target)) << i;
  }
  EXPECT_FALSE(p.verify_report(Bytes(report).first(kReportSize - 1), target));
}

bool same_key(const Processor& p, const EnclaveIdentity& a, const EnclaveIdentity& b,
              const KeyRequest& request) {
  const auto x = p.get_key(a, request);
  const auto y = p.get_key(b, request);
  EXPECT_TRUE(x && y);
  return ct_equal(x->expose(), y->expose());
}

TEST(SealKeys, DependOnWhatThePolicyNamesAndAlwaysOnDebug) {
  const Processor p(root("a"), {1});
  EnclaveIdentity debug = keep(1);
  debug.debug = true;
  EnclaveIdentity same_signer = keep(2);
  EXPECT_TRUE(same_key(p, keep(1), keep(1), {}));
  EXPECT_FALSE(same_key(p, keep(1), keep(2), {}));
  EXPECT_FALSE(same_key(p, keep(1), debug, {}));
  EXPECT_TRUE(same_key(p, keep(1), same_signer, {.policy = key_policy::kMrSigner}));
  EXPECT_FALSE(
      same_key(p, keep(1), same_signer, {.policy = key_policy::kMrSigner | key_policy::kConfigId}));
}

TEST(SealKeys, DifferBetweenDevices) {
  const Processor a(root("a"), {1});
  const Processor b(root("b"), {1});
  EXPECT_FALSE(ct_equal(a.get_key(keep(1), {})->expose(), b.get_key(keep(1), {})->expose()));
}

TEST(SealKeys, AnOlderBuildCannotAskForANewerSvn) {
  const Processor p(root("a"), {1});
  EXPECT_TRUE(p.get_key(keep(1, 3), {.isv_svn = 3}));
  EXPECT_TRUE(p.get_key(keep(1, 3), {.isv_svn = 2}));
  EXPECT_EQ(p.get_key(keep(1, 3), {.isv_svn = 4}).error().code(), Errc::kDenied);
  EXPECT_EQ(p.get_key(keep(1), {.policy = key_policy::kConfigId}).error().code(),
            Errc::kUnsupported);
}

TEST(ConfigId, TakesADigestAtTheFrontAndNothingLonger) {
  EXPECT_EQ((*config_id_of(Buffer(48, 1)))[47], 1);
  EXPECT_EQ((*config_id_of(Buffer(48, 1)))[48], 0);
  EXPECT_EQ(config_id_of(Buffer(65, 1)).error().code(), Errc::kMalformed);
}

TEST(QuotingService, SignsWhatItsProcessorReportedAndNothingElse) {
  const Processor p(root("a"), {1});
  const Processor other(root("b"), {1});
  crypto::SeededRng rng(as_bytes("keys"));
  const auto keys = generate_keys(rng);
  const auto world = default_world(*keys, {1'790'000'000}, 30, rng);
  const auto signed_world = sign_world(*world, *keys);
  auto qe = QuotingEnclave::create(*p.attestation_key(), keys->pck, world->qe_identity, world->pck,
                                   signed_world->pck_chain_pem);
  const QuotingService service(p, *std::move(qe));
  const auto quote = service.quote(p.report(keep(1), QuotingService::mr_enclave(), kData));
  ASSERT_TRUE(quote);
  const auto parsed = dcap::parse_quote(*quote, dcap::TeeType::kSgx);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(equal(parsed->report().get<dcap::report_body::ReportData>(), kData));
  EXPECT_EQ(
      service.quote(other.report(keep(1), QuotingService::mr_enclave(), kData)).error().code(),
      Errc::kUntrusted);
  EXPECT_EQ(service.quote(p.report(keep(1), crypto::Sha256Digest{}, kData)).error().code(),
            Errc::kUntrusted);
  EXPECT_EQ(service.quote(Buffer(kReportSize - 1)).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::soft
