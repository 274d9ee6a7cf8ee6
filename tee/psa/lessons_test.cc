// What verifiers of PSA tokens must not do, one test each. README.md lists them with their sources.
#include <gtest/gtest.h>

#include "codec/cbor_write.h"
#include "tee/psa/made/stage.h"

namespace ward::psa {
namespace {

using attest::Verdict;
using made::Stage;
using Ids = std::vector<std::string>;

// RFC 9783 section 5.2 lets a device use a MAC; whoever verifies it can make it, too.
TEST(Lessons, rfc9783_mac0_a_token_under_a_mac_is_refused_with_its_reason) {
  const Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  const auto parsed = parse_token(evidence);
  ASSERT_TRUE(std::holds_alternative<Token>(parsed));
  codec::CborWriter w;
  w.tag(17).begin_array().bytes(*from_hex("a10105")).begin_map().end_map();
  w.bytes(*std::get<Token>(parsed).message.payload).bytes(Buffer(32)).end_array();
  const auto mac = w.take();
  ASSERT_TRUE(mac);
  const auto a = made::judge(s, *mac);
  EXPECT_EQ(a.failed(), Ids{"psa.token.form"});
  EXPECT_EQ(a.check("psa.token.form")->found,
            "a COSE_Mac0: whoever can verify it can also have made it");
}

// A token with the wrong nonce counted as a warning (veraison/services; confidential-containers
// attestation-service 147 tells of it).
TEST(Lessons, attestation_service_147_another_nonce_is_no_warning) {
  Stage s = made::good_stage();
  const Buffer evidence = made::make(s);
  s.expected.report_data = std::vector<Buffer>{Buffer(64, 1)};
  EXPECT_EQ(made::judge(s, evidence).verdict, Verdict::kRefused);
}

// A device that is being made, or was taken apart, still has its key.
TEST(Lessons, lifecycle_a_signature_alone_does_not_make_a_secured_device) {
  for (const std::uint64_t state : {0x0000U, 0x1000U, 0x2000U, 0x6000U}) {
    Stage s = made::good_stage();
    s.lifecycle = state;
    s.policy.allow_debug = true;
    EXPECT_EQ(made::judge(s).failed(), Ids{"psa.token.lifecycle"}) << state;
  }
  Stage s = made::good_stage();
  s.lifecycle = 0x4000;
  EXPECT_EQ(made::judge(s).failed(), Ids{"psa.device.debug"});
  s.policy.allow_debug = true;
  EXPECT_EQ(made::judge(s).verdict, Verdict::kAccepted);
}

// The key is the relying party's choice, never what came with the token (kid, x5chain).
TEST(Lessons, constellation_3025_a_key_that_came_along_is_no_root) {
  Stage s = made::good_stage();
  s.iak = &made::stranger();
  const std::vector<attest::Anchor> named = s.anchors;
  made::name_key(s, made::stranger());
  s.anchors = named;
  EXPECT_EQ(made::judge(s).failed(), Ids{"psa.device_key.root"});
}

}  // namespace
}  // namespace ward::psa
