#include "tee/soft/processor.h"

#include <gtest/gtest.h>

#include "crypto/mac.h"
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

sgx::TargetInfo target(std::uint8_t n) {
  sgx::TargetInfo out;
  out.mr_enclave.fill(n);
  return out;
}

TEST(Processor, ALocalReportVerifiesForItsTargetOnThisDeviceAlone) {
  const Processor p(root("a"), {1});
  const Processor other(root("b"), {1});
  const Processor updated(root("a"), {2});
  const Buffer report = p.report(keep(1), target(7), kData);
  ASSERT_EQ(report.size(), sgx::kLocalReportSize);
  EXPECT_TRUE(p.verify_report(report, target(7)));
  EXPECT_FALSE(p.verify_report(report, target(8)));
  EXPECT_FALSE(other.verify_report(report, target(7)));
  EXPECT_FALSE(updated.verify_report(report, target(7)));
}

TEST(Processor, ALocalReportIsForAllThatItsTargetIs) {
  const Processor p(root("a"), {1});
  const Buffer report = p.report(keep(1), p.target_of(keep(2)), kData);
  EXPECT_TRUE(p.verify_report(report, p.target_of(keep(2))));
  EnclaveIdentity debug = keep(2);
  debug.debug = true;
  EnclaveIdentity config = keep(2);
  config.config_id[0] ^= 1U;
  EnclaveIdentity config_svn = keep(2);
  config_svn.config_svn = 1;
  for (const EnclaveIdentity& other : {debug, config, config_svn, keep(3)})
    EXPECT_FALSE(p.verify_report(report, p.target_of(other)));
}

TEST(Processor, EveryFlippedBitOfAReportIsNoticed) {
  const Processor p(root("a"), {1});
  const Buffer report = p.report(keep(1), target(7), kData);
  for (std::size_t i = 0; i < report.size(); ++i) {
    Buffer flipped = report;
    flipped[i] ^= 1U;
    EXPECT_FALSE(p.verify_report(flipped, target(7))) << i;
  }
  for (std::size_t size = 0; size < report.size(); ++size)
    EXPECT_FALSE(p.verify_report(Bytes(report).first(size), target(7))) << size;
  EXPECT_FALSE(p.verify_report(concat({report, Buffer(1)}), target(7)));
}

// As hardware has it: whoever is the target gets the key of the MAC by EGETKEY.
TEST(Processor, TheTargetsReportKeyGivesTheMac) {
  const Processor p(root("a"), {1});
  const Buffer report = p.report(keep(1), p.target_of(keep(2)), kData);
  sgx::KeyRequest request{.key_name = sgx::key_name::kReport};
  request.key_id = *to_array<32>(Bytes(report).subspan(384, 32));
  const auto key = p.get_key(keep(2), request);
  ASSERT_TRUE(key);
  EXPECT_EQ(to_hex(crypto::cmac_aes128(key->expose(), Bytes(report).first(384))),
            to_hex(Bytes(report).subspan(416)));
}

TEST(ConfigId, TakesADigestAtTheFrontAndNothingLonger) {
  EXPECT_EQ((*config_id_of(Buffer(48, 1)))[47], 1);
  EXPECT_EQ((*config_id_of(Buffer(48, 1)))[48], 0);
  EXPECT_EQ(config_id_of(Buffer(65, 1)).error().code(), Errc::kMalformed);
}

TEST(QuoteReport, SignsWhatItsProcessorReportedAndNothingElse) {
  const Processor p(root("a"), {1});
  const Processor other(root("b"), {1});
  crypto::SeededRng rng(as_bytes("keys"));
  const auto keys = generate_keys(rng);
  const auto world = default_world(*keys, {1'790'000'000}, 30, rng);
  const auto signed_world = sign_world(*world, *keys);
  auto qe = QuotingEnclave::create(*p.attestation_key(), keys->pck, world->qe_identity, world->pck,
                                   signed_world->pck_chain_pem);
  const auto quote_of = [&](Bytes report) { return quote_report(p, *qe, report, {}); };
  const sgx::TargetInfo to = qe->target_info();
  const auto quote = quote_of(p.report(keep(1), to, kData));
  ASSERT_TRUE(quote);
  const auto parsed = dcap::parse_quote(*quote, dcap::TeeType::kSgx);
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(equal(parsed->report().get<dcap::report_body::ReportData>(), kData));
  EXPECT_EQ(quote_of(other.report(keep(1), to, kData)).error().code(), Errc::kUntrusted);
  EXPECT_EQ(quote_of(p.report(keep(1), target(0), kData)).error().code(), Errc::kUntrusted);
  EXPECT_EQ(quote_of(Buffer(sgx::kLocalReportSize - 1)).error().code(), Errc::kMalformed);
}

}  // namespace
}  // namespace ward::soft
