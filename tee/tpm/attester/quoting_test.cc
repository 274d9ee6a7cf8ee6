#include "tee/tpm/attester/quoting.h"

#include <gtest/gtest.h>

#include "tee/tpm/made/stage.h"

namespace ward::tpm {
namespace {

// A device that quotes the stage, and whose PCRs are read as others `unlucky` times.
class StageDevice final : public Device {
 public:
  explicit StageDevice(int unlucky) : unlucky_(unlucky) {}

  Result<RawQuote> quote(const AkChoice& /*ak*/, Bytes extra_data,
                         const std::vector<PcrSelection>& /*selection*/) override {
    stage_.quote.extra_data = to_buffer(extra_data);
    const stage::Made made = stage::make(stage_);
    return RawQuote{made.evidence.attest, made.evidence.signature, made.evidence.ak};
  }

  Result<PcrRead> read_pcrs(const std::vector<PcrSelection>& /*selection*/) override {
    PcrRead out{.values = stage_.pcrs};
    if (unlucky_-- > 0) out.values[10][0] ^= 1U;
    return out;
  }

  Result<SecretBytes> activate(const AkChoice& /*ak*/, std::optional<std::uint32_t> /*ek*/,
                               const Credential& /*credential*/) override {
    return Error(Errc::kUnsupported, "no EK");
  }

 private:
  stage::Stage stage_ = stage::good_stage(stage::kFaces[1]);
  int unlucky_;
};

TEST(TpmAttester, QuotesAgainWhereAPcrWasExtendedMeanwhile) {
  StageDevice device(kMaxQuoteTries - 1);
  const auto made = attest(device, {}, Buffer(32, 7), {});
  ASSERT_TRUE(made);
  EXPECT_EQ(parse_quote(made->attest)->extra_data, Buffer(32, 7));
  EXPECT_TRUE(parse_evidence(write_evidence(*made)));
}

TEST(TpmAttester, GivesUpWhereItNeverFits) {
  StageDevice device(kMaxQuoteTries);
  EXPECT_EQ(attest(device, {}, Buffer(32, 7), {}).error().code(), Errc::kUnavailable);
}

TEST(TpmAttester, ReportDataHasItsLimits) {
  StageDevice device(0);
  EXPECT_TRUE(attest(device, {}, Buffer(64), {}));
  EXPECT_EQ(attest(device, {}, Buffer(65), {}).error().code(), Errc::kLimit);
  EXPECT_EQ(attest(device, {}, {}, {}).error().code(), Errc::kLimit);
}

}  // namespace
}  // namespace ward::tpm
