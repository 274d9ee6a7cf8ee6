// Platforms as they lie in folders: what `ward dev init` and `ward dev make outdated` write.
#include <filesystem>

#include <gtest/gtest.h>
#include <stdlib.h>  // NOLINT(modernize-deprecated-headers): mkdtemp

#include "pki/certificate.h"
#include "tee/sgx/scheme.h"
#include "tee/soft/attester/device_dir.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

namespace ward::soft {
namespace {

namespace fs = std::filesystem;
using attest::Verdict;

constexpr UnixTime kFrom{1'790'000'000};
constexpr std::array<std::uint8_t, 64> kData = {1, 2, 3};

class PlatformDir : public testing::Test {
 protected:
  PlatformDir() {
    const auto made = init(maker_, kFrom, 30, rng_);
    EXPECT_TRUE(made) << made.error();
  }

  ~PlatformDir() override { fs::remove_all(folder_); }

  // judge has the platform in `dir` quote a keep, and appraises that with the maker's collateral.
  attest::Appraisal judge(const std::string& dir) const {
    auto device = open_device(dir);
    EXPECT_TRUE(device) << device.error();
    const QuotingService service(device->processor, std::move(device->quoting_enclave));
    const Buffer report = device->processor.report({}, service.target_info(), kData);
    const auto quote = service.quote(report);
    attest::Collateral collateral;
    for (const auto& file : fs::directory_iterator(maker_ + "/collateral"))
      collateral.documents.push_back({file.path().filename(), test::read_file(file.path())});
    const auto root = pki::parse_certificates(as_text(test::read_file(maker_ + "/root.pem")));
    attest::Policy policy;
    policy.allow_development = true;
    const sgx::Sgx scheme;
    const attest::Scheme* schemes[] = {&scheme};
    const verifier::Verifier verifier(
        schemes, {{.spki_sha256 = root->front().spki_sha256, .name = "root", .development = true}},
        policy);
    return *verifier.appraise({.evidence = *quote,
                               .collateral = collateral,
                               .now = {kFrom.seconds + 86400},
                               .expected = {.report_data = attest::Unchecked{},
                                            .measurement = attest::Unchecked{},
                                            .workload = attest::Unchecked{}}});
  }

  static std::string new_folder() {
    std::string name = fs::temp_directory_path() / "ward-platform-XXXXXX";
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    return name;
  }

  crypto::SystemRng rng_;
  std::string folder_ = new_folder();
  std::string maker_ = folder_ + "/maker";
};

std::vector<std::string> failed(const attest::Appraisal& appraisal) {
  std::vector<std::string> out;
  for (const auto& check : appraisal.checks) {
    if (check.outcome == attest::Outcome::kFailed) out.emplace_back(check.info->id);
  }
  return out;
}

TEST_F(PlatformDir, a_new_platform_is_up_to_date) {
  const auto appraisal = judge(maker_);
  EXPECT_EQ(appraisal.verdict, Verdict::kAccepted);
  EXPECT_EQ(appraisal.tcb.status, "UpToDate");
}

TEST_F(PlatformDir, an_outdated_platform_of_the_same_maker_fails_by_its_status_alone) {
  const std::string dir = folder_ + "/outdated";
  const auto made = make_outdated(dir, maker_, rng_);
  ASSERT_TRUE(made) << made.error();
  EXPECT_FALSE(fs::exists(dir + "/ca"));
  const auto appraisal = judge(dir);
  EXPECT_EQ(appraisal.verdict, Verdict::kRefused);
  EXPECT_EQ(appraisal.tcb.status, "OutOfDate");
  EXPECT_EQ(failed(appraisal), std::vector<std::string>{"sgx.tcb.status"});
}

TEST_F(PlatformDir, nothing_is_left_behind_of_what_cannot_be_made) {
  fs::remove(maker_ + "/ca/pck_ca.pk8");
  EXPECT_FALSE(make_outdated(folder_ + "/outdated", maker_, rng_));
  EXPECT_FALSE(fs::exists(folder_ + "/outdated"));
  EXPECT_FALSE(make_outdated(maker_, maker_, rng_));  // not empty: nothing is changed
  EXPECT_TRUE(fs::exists(maker_ + "/device/device_root"));
}

}  // namespace
}  // namespace ward::soft
