// What Keystone's own verifier, boot ROM and users got wrong, one test each. README.md lists them
// with their sources.
#include <algorithm>

#include <gtest/gtest.h>

#include "tee/keystone/made/stage.h"
#include "tee/keystone/report.h"

namespace ward::keystone {
namespace {

using attest::Verdict;
using made::Stage;
using Ids = std::vector<std::string>;

// Nothing in a report of QEMU says that its device's key is in everybody's hands.
TEST(Lessons, test_dev_key__the_published_device_key_is_no_root_of_hardware) {
  Stage s = made::good_stage();
  made::use_published_key(s);
  const Buffer evidence = made::make(s);
  EXPECT_EQ(made::judge(s, evidence).verdict, Verdict::kAccepted) << "named as development";
  EXPECT_TRUE(made::judge(s, evidence).development);
  s.policy.allow_development = false;
  EXPECT_EQ(made::judge(s, evidence).failed(), Ids{"keystone.platform.development"});
  s.anchors[0].development = false;
  EXPECT_EQ(made::judge(s, evidence).failed(), Ids{"keystone.device_key.unpublished"});
  s.anchors.clear();
  EXPECT_EQ(made::judge(s, evidence).failed(),
            (Ids{"keystone.device_key.root", "keystone.device_key.unpublished"}));
}

// bootrom/bootloader.c takes `sizeof(*sanctum_dev_secret_key)` and `sizeof(*sanctum_sm_hash)` for
// lengths: one octet each, so that a monitor's key is one of 256 that anyone can compute.
TEST(Lessons, bootrom_sizeof__a_monitors_key_that_anyone_can_compute_is_refused) {
  Stage s = made::good_stage();
  s.monitor = &made::guessable_monitor();
  const auto a = made::judge(s);
  EXPECT_EQ(a.failed(), Ids{"keystone.sm.key_unguessable"});
  EXPECT_EQ(a.check("keystone.sm.key_unguessable")->found, "the key of the octets c5 and 09");
  // Anyone signs what he likes with it.
  s.enclave_hash = Buffer(64, 0x66);
  s.expected.workload = std::vector<Buffer>{s.enclave_hash};
  EXPECT_EQ(made::judge(s).failed(), Ids{"keystone.sm.key_unguessable"});
}

// Report.cpp hashes as many octets as data_len says, from a buffer of 1024.
TEST(Lessons, report_cpp__a_length_beyond_the_data_is_malformed) {
  Stage s = made::good_stage();
  for (const std::size_t at : {65U, 66U, 71U}) {
    s.change = [at](Buffer& report) { report[at] = 0x7f; };
    EXPECT_EQ(made::judge(s).failed(), Ids{"keystone.report.form"}) << at;
  }
}

// verifier.cpp compares the nonce with strcmp; another verifier of such reports compares as many
// octets as the shorter of the two has.
TEST(Lessons, verifier_cpp__data_are_compared_whole) {
  Stage s = made::good_stage();
  s.data = to_buffer(as_bytes("12345"));
  s.data.push_back(0);
  const auto judged = [&](Bytes expected) {
    s.expected.report_data = std::vector<Buffer>{to_buffer(expected)};
    return made::judge(s).failed();
  };
  EXPECT_EQ(judged(s.data), Ids{});
  EXPECT_EQ(judged(as_bytes("12345")), Ids{"keystone.report_data.expected"});
  EXPECT_EQ(judged(as_bytes("1")), Ids{"keystone.report_data.expected"});
  s.data = concat({s.data, as_bytes("more")});
  EXPECT_EQ(judged(concat({as_bytes("12345"), Buffer(1)})), Ids{"keystone.report_data.expected"});
}

// ed25519_verify of Keystone looks at three bits of S: S + order is another signature that it
// takes.
TEST(Lessons, ed25519_verify__a_signature_has_one_form) {
  Stage s = made::good_stage();
  Buffer order = *from_hex("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed");
  std::ranges::reverse(order);
  for (const auto& [at, check] :
       {std::pair<std::size_t, const char*>{1096, "enclave"}, {1256, "sm"}}) {
    s.change = [&, at = at](Buffer& report) {
      unsigned carry = 0;
      for (std::size_t i = 0; i < order.size(); ++i) {
        carry += static_cast<unsigned>(report[at + 32 + i]) + order[i];
        report[at + 32 + i] = static_cast<std::uint8_t>(carry & 0xffU);
        carry >>= 8U;
      }
    };
    EXPECT_EQ(made::judge(s).failed(), Ids{"keystone." + std::string(check) + ".signature"});
  }
}

// Users ask why the key in the report is not the one to verify by: it is whoever's who sent it.
TEST(Lessons, keystone_387__the_key_that_a_report_names_is_no_root) {
  Stage s = made::good_stage();
  s.device = &made::stranger();
  EXPECT_EQ(made::judge(s).failed(), Ids{"keystone.device_key.root"});
}

// Monitors that never got their keys from a boot ROM state zeros.
TEST(Lessons, keystone_361__a_report_of_zeros_is_refused) {
  Stage s = made::good_stage();
  s.change = [](Buffer& report) {
    std::fill(report.begin() + 1160, report.end(), std::uint8_t{0});
  };
  EXPECT_EQ(made::judge(s).failed(),
            (Ids{"keystone.device_key.root", "keystone.sm.signature", "keystone.enclave.signature",
                 "keystone.measurement.expected"}));
  // Zeros are a point of order 4, by which zeros may be a signature of zeros: nobody's key, even
  // where someone names it.
  made::name_key(s, Buffer(32));
  const auto failed = made::judge(s).failed();
  EXPECT_EQ(failed.front(), "keystone.sm.signature");
}

// The monitor hands out what stood in its memory behind the data, and does not sign it.
TEST(Lessons, attest_enclave__what_is_not_signed_has_no_say) {
  Stage s = made::good_stage();
  const attest::Facts before = made::judge(s).facts;
  s.change = [](Buffer& report) { std::fill(report.begin() + 104, report.begin() + 1096, 0x5aU); };
  const auto a = made::judge(s);
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
  EXPECT_EQ(a.facts.report_data, before.report_data);
}

// The monitor signs the enclave: of a monitor that nobody approved the enclave's hash says nothing.
TEST(Lessons, two_stages__an_enclave_under_another_monitor_is_refused) {
  Stage s = made::good_stage();
  s.monitor_hash = Buffer(64, 0x5b);
  EXPECT_EQ(made::judge(s).failed(), Ids{"keystone.measurement.expected"});
}

}  // namespace
}  // namespace ward::keystone
