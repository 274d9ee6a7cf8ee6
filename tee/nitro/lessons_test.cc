// What others' verifiers of AWS Nitro documents got wrong in public, one test each; the id stands
// in the test's name. README.md lists them with their sources.
#include <algorithm>

#include <gtest/gtest.h>

#include "tee/nitro/document.h"
#include "tee/nitro/made/stage.h"

namespace ward::nitro {
namespace {

using attest::Verdict;
using made::Stage;
using Ids = std::vector<std::string>;

// A document of an enclave in debug mode was accepted: its launch registers are zero.
TEST(Lessons, base_4042_debug_mode_is_refused_though_nobody_names_a_measurement) {
  Stage s = made::good_stage();
  for (const std::uint32_t i : {kImagePcr, kKernelPcr, kApplicationPcr}) {
    s.pcrs[i] = Buffer(kPcrSize);
  }
  s.expected.measurement = attest::Unchecked{};
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.pcrs.debug"});
  s.policy.allow_debug = true;
  EXPECT_EQ(made::judge(s).verdict, Verdict::kAccepted);
}

// Registers that were zero or missing were left out, and a pin of them was then never compared.
TEST(Lessons, hashi_666_a_register_that_is_not_there_meets_no_pin) {
  Stage s = made::good_stage();
  s.pcrs.erase(kImagePcr);
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.document.form"});
  s = made::good_stage();
  s.pcrs.erase(kSignerPcr);
  s.policy.accepted_values["nitro.pcrs.pcr8"] = {std::string(96, '0')};
  EXPECT_NE(made::judge(s).verdict, Verdict::kAccepted);
  s = made::good_stage();
  s.pcrs.erase(kWorkloadPcr);
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.workload.expected"});
}

// Only the chain's signatures were looked at, not what each certificate is allowed to do.
TEST(Lessons, qos_10_an_enclave_key_may_not_issue_certificates) {
  Stage s = made::good_stage();
  s.chain[made::kEnclave].signer = made::kEnclave;
  s.chain[made::kEnclave].spec.issuer = s.chain[made::kInstance].spec.subject;
  s.chain[made::kInstance].spec.extensions = s.chain[made::kEnclave].spec.extensions;
  const auto failed = made::judge(s).failed();
  EXPECT_NE(std::ranges::count(failed, "nitro.chain.constraints"), 0);
  EXPECT_NE(std::ranges::count(failed, "nitro.chain.signature"), 0);
}

// A token without the claim that binds it was taken for bound.
TEST(Lessons, akash_console_3365_a_document_without_user_data_is_bound_to_nothing) {
  Stage s = made::good_stage();
  s.user_data.reset();
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.report_data.expected"});
  EXPECT_EQ(made::judge(s).verdict, Verdict::kRefused);
  s.user_data = Buffer();
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.report_data.expected"});
}

// The root was the one that the document itself brings.
TEST(Lessons, constellation_3025_the_root_of_the_bundle_is_compared_with_the_pinned_one) {
  Stage s = made::good_stage();
  s.anchors = {{.name = "another", .development = true}};
  EXPECT_EQ(made::judge(s).failed(), Ids{"nitro.chain.root"});
}

}  // namespace
}  // namespace ward::nitro
