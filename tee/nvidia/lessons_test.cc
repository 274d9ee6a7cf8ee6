// What others' verifiers of NVIDIA evidence do that lets something through, or may; one test each.
// README.md lists them with their sources.
#include <algorithm>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "pki/build.h"
#include "tee/all.h"
#include "tee/nvidia/made/stage.h"
#include "tee/nvidia/verify.h"
#include "verifier/verifier.h"

namespace ward::nvidia {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

Appraisal judge(const std::vector<DeviceEvidence>& devices, const attest::Collateral& documents,
                attest::Expected nonce = attest::Unchecked{},
                attest::Policy policy = {.allow_development = true}) {
  const verifier::Verifier verifier(tee::all_schemes(), {stage_anchor(good_stage(Arch::kHopper))},
                                    std::move(policy));
  const std::string json = *write_evidence_json(devices);
  auto out =
      verifier.appraise({.evidence = as_bytes(json),
                         .collateral = documents,
                         .now = kStageNow,
                         .expected = {std::move(nonce), attest::Unchecked{}, attest::Unchecked{}}});
  return out ? *std::move(out) : Appraisal{};
}

Appraisal judge(const Made& m) { return judge({m.device}, m.documents); }

// The measurements were reported as claims, and compared with nothing unless a policy did so.
TEST(NvidiaLessons, trustee_local_verifier__without_manifests_nothing_is_accepted) {
  Made m = make(good_stage(Arch::kHopper));
  m.drop("driver_rim.xml");
  m.drop("vbios_rim.xml");
  EXPECT_EQ(judge(m).verdict, Verdict::kUndetermined);
}

// An expected nonce of 48 octets was cut to 32, a shorter one filled up, before it was compared.
TEST(NvidiaLessons, trustee_regularize_data__a_nonce_is_compared_whole) {
  const Stage s = good_stage(Arch::kHopper);
  const Made m = make(s);
  Buffer nonce = to_buffer(s.report.nonce);
  EXPECT_EQ(judge({m.device}, m.documents, std::vector<Buffer>{nonce}).verdict, Verdict::kAccepted);
  nonce.resize(48);
  EXPECT_EQ(judge({m.device}, m.documents, std::vector<Buffer>{nonce}).failed(),
            Ids{"nvidia.report_data.expected"});
  nonce.resize(31);
  EXPECT_EQ(judge({m.device}, m.documents, std::vector<Buffer>{nonce}).failed(),
            Ids{"nvidia.report_data.expected"});
}

// The nonce that is compared with the report stands in the sender's own file.
TEST(NvidiaLessons, attestation_sdk__a_nonce_that_the_sender_states_binds_nothing) {
  const Made m = make(good_stage(Arch::kHopper));  // a recording, with the nonce of its time
  EXPECT_EQ(judge({m.device}, m.documents, std::vector<Buffer>{Buffer(32, 1)}).failed(),
            Ids{"nvidia.report_data.expected"});
}

// Chains are verified with X509_V_FLAG_NO_CHECK_TIME; that one has expired is a claim beside.
TEST(NvidiaLessons, attestation_sdk__certificates_have_an_end) {
  Stage s = good_stage(Arch::kHopper);
  s.certificate(Role::kRimSigner).not_after = {kStageNow.seconds - 1};
  EXPECT_EQ(judge(make(s)).failed(), Ids{"nvidia.rim_chain.not_after"});
}

// A firmware id that did not parse was taken from the last 48 octets of the extension.
TEST(NvidiaLessons, attestation_sdk__a_firmware_id_is_read_where_it_stands) {
  Stage s = good_stage(Arch::kHopper);
  pki::Extension& fwid = s.certificate(Role::kFirmware).extensions.back();
  fwid.value = *s.device.fwid;
  EXPECT_EQ(judge(make(s)).failed(), Ids{"nvidia.device.fwid"});
}

// Measurements were looked for anywhere in the document (//ns0:Resource).
TEST(NvidiaLessons, attestation_sdk__a_measurement_outside_what_is_signed_has_no_say) {
  const Stage s = good_stage(Arch::kHopper);
  Made m = make(s);
  std::string text(as_text(m.document("driver_rim.xml")));
  const std::size_t begin = text.find("<ns0:Resource");
  const std::string resource = text.substr(begin, text.find("/>", begin) + 2 - begin);
  const std::string object = "<ds:Object>" + resource + "</ds:Object>";
  text.insert(text.find("</ds:Signature>"), object);
  m.document("driver_rim.xml") = to_buffer(as_bytes(text));
  const Appraisal a = judge(m);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("nvidia.driver_rim.present")->not_done, attest::NotDone::kAbsent);
}

// Signature and chain of a manifest were two settings: by the key in it alone, anyone signs one.
TEST(NvidiaLessons, attestation_sdk__a_manifest_by_anyones_key_is_refused) {
  const Stage s = good_stage(Arch::kHopper);
  Made m = make(s);
  m.document("driver_rim.xml") = make(good_stage(Arch::kHopper, "two")).document("driver_rim.xml");
  const Appraisal a = judge(m);
  EXPECT_EQ(a.failed(), Ids{"nvidia.rim_chain.root"});
}

// NVIDIA's service answers the name of another chip's driver with a well signed manifest.
TEST(NvidiaLessons, rim_service__a_manifest_for_another_chip_is_refused) {
  Stage s = good_stage(Arch::kBlackwell);
  s.rims[1].content.product = "GH100";
  EXPECT_EQ(judge(make(s)).failed(), Ids{"nvidia.driver_rim.product"});
}

// A result of the local verifier is a token with "alg":"none".
TEST(NvidiaLessons, detached_eat__an_unsigned_result_is_no_evidence) {
  const verifier::Verifier verifier(tee::all_schemes(), {}, {});
  const auto a = verifier.appraise(
      {.evidence = as_bytes(R"({"claims":[],"detached_eat":[["JWT","e30.e30."]],"result_code":0})"),
       .collateral = {},
       .now = kStageNow,
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}});
  ASSERT_TRUE(a);
  EXPECT_EQ(a->failed(), Ids{"nvidia.evidence.form"});
}

// One device sent twice counts once, and one that is wrong spoils the list.
TEST(NvidiaLessons, device_lists__every_device_is_judged_and_counted_once) {
  const Stage s = good_stage(Arch::kHopper);
  const Made good = make(s);
  const Appraisal twice = judge({good.device, good.device}, good.documents);
  EXPECT_EQ(twice.verdict, Verdict::kAccepted);
  EXPECT_EQ(twice.warnings.size(), 1U);
  EXPECT_EQ(
      judge({good.device, good.device}, good.documents, attest::Unchecked{},
            {.allow_development = true, .accepted_values = {{"nvidia.evidence.devices", {"2"}}}})
          .failed(),
      Ids{"nvidia.evidence.devices"});
  DeviceEvidence wrong = good.device;
  wrong.report.back() ^= 1U;
  const Appraisal a = judge({good.device, wrong}, good.documents);
  EXPECT_EQ(a.failed(), Ids{"nvidia.report.signature"});
  EXPECT_TRUE(a.check("nvidia.report.signature")->found.starts_with("device 2: "));
  Stage later = s;
  later.report.nonce = crypto::sha256(as_bytes("later"));
  EXPECT_EQ(judge({good.device, make(later).device}, good.documents).failed(),
            Ids{"nvidia.evidence.nonce"});
}

// A list of chips accepts no list of devices: any one of them would speak for all.
TEST(NvidiaLessons, device_lists__a_list_of_chips_accepts_single_devices) {
  const Made m = make(good_stage(Arch::kHopper));
  const attest::Policy policy{.allow_development = true,
                              .chips = std::vector<Buffer>{*from_hex("FF7761726401020304")}};
  EXPECT_EQ(judge({m.device}, m.documents, attest::Unchecked{}, policy).verdict,
            Verdict::kAccepted);
  EXPECT_NE(judge({m.device, m.device}, m.documents, attest::Unchecked{}, policy).verdict,
            Verdict::kAccepted);
}

// The measurement of NVDEC 0 says nothing where it is off, and only then.
TEST(NvidiaLessons, nvdec0__its_measurement_is_passed_over_only_where_it_is_off) {
  Stage s = good_stage(Arch::kHopper);
  s.report.measurements.back().value[0] ^= 1U;
  EXPECT_EQ(judge(make(s)).failed(), Ids{"nvidia.driver_rim.measurements"});
  s.device.nvdec0 = std::nullopt;
  EXPECT_EQ(judge(make(s)).failed(), Ids{"nvidia.driver_rim.measurements"});
  s.device.nvdec0 = false;
  EXPECT_EQ(judge(make(s)).verdict, Verdict::kAccepted);
}

// NVIDIA has other certificates under the same root: a responder's key signs no reports.
TEST(NvidiaLessons, device_identity__another_certificate_of_nvidias_is_no_device) {
  Stage s = good_stage(Arch::kHopper);
  s.certificate(Role::kFirmware).extensions.pop_back();  // without its firmware's digest
  const Appraisal a = judge(make(s));
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(a.check("nvidia.device_chain.present")->not_done, attest::NotDone::kAbsent);
}

}  // namespace
}  // namespace ward::nvidia
