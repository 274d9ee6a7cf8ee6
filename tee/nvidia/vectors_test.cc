// Real evidence of NVIDIA devices, each with its right verdict.
//
// Established by hand with openssl: the reports of hopperAttestationReport, ...Expired, of all four
// GPUs of multi_gpu_hopper and of the switch of multi_switch_ls10 are signed by their first
// certificate's key; hopperAttestationReportInvalidSignature is signed by neither chain that is
// there. No certificate of any device's chain ends before the year 9999, those of "Expired"
// included: what had expired when NVIDIA named it so is not among the files. The manifest's digest
// and signature are right; its signer's certificate is valid from 2024-06-01 to 2026-06-01. No
// manifest of a version that the evidence states is there, and no OCSP response: so that the right
// verdict of what is not wrong is that it cannot be told.
#include "test/support/vectors.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "tee/all.h"
#include "tee/nvidia/fwid.h"
#include "tee/nvidia/made/stage.h"
#include "tee/nvidia/scheme.h"
#include "tee/nvidia/verify.h"
#include "tee/x509/anchors.h"
#include "verifier/verifier.h"

namespace ward::nvidia {
namespace {

using attest::Appraisal;
using attest::Verdict;
using Ids = std::vector<std::string>;

constexpr UnixTime kNow{1'764'547'200};  // 2025-12-01

Buffer file(const std::string& name) {
  return test::read_file(test::vectors_dir() / "nvidia" / name);
}

attest::Collateral documents(const std::vector<std::string>& names) {
  attest::Collateral out;
  for (const std::string& name : names)
    out.documents.push_back({name, file(name)});
  return out;
}

Appraisal judge(Bytes evidence, const attest::Collateral& collateral,
                const attest::Expectations& expected = {attest::Unchecked{}, attest::Unchecked{},
                                                        attest::Unchecked{}}) {
  const verifier::Verifier verifier(tee::all_schemes(), {}, {});
  auto out = verifier.appraise(
      {.evidence = evidence, .collateral = collateral, .now = kNow, .expected = expected});
  EXPECT_TRUE(out.has_value());
  return out ? *std::move(out) : Appraisal{};
}

// What was absent.
Ids open(const Appraisal& a) {
  Ids out;
  for (const attest::Check& c : a.checks) {
    if (c.not_done == attest::NotDone::kAbsent) out.emplace_back(c.info->id);
  }
  return out;
}

const Ids kGpuOpen = {"nvidia.driver_rim.present", "nvidia.vbios_rim.present",
                      "nvidia.ocsp.present"};
const Ids kSwitchOpen = {"nvidia.vbios_rim.present", "nvidia.ocsp.present"};

struct Real {
  const char* evidence;
  std::vector<std::string> collateral;
  Ids failed;
  Ids open;
};

const Real kReal[] = {
    {"hopperAttestationReport.txt", {"hopperCertChain.txt"}, {}, kGpuOpen},
    {"hopperAttestationReportExpired.txt", {"hopperCertChainExpired.txt"}, {}, kGpuOpen},
    {"hopperAttestationReportInvalidSignature.txt",
     {"hopperCertChain.txt"},
     {"nvidia.device.fwid", "nvidia.report.signature"},
     kGpuOpen},
    {"hopper_evidence.json", {}, {}, kGpuOpen},
    {"multi_gpu_hopper.json", {}, {}, kGpuOpen},
    {"multi_switch_ls10.json", {}, {}, kSwitchOpen},
    // A result that nobody signed ("alg":"none"), beside no report.
    {"dstack_gpu_attestation_h100.json", {}, {"nvidia.evidence.form"}, {}},
    // Chains of other devices than the report's.
    {"hopperAttestationReport.txt",
     {"blackwellCertChain.txt"},
     {"nvidia.report.signature"},
     kGpuOpen},
    {"hopperAttestationReport.txt",
     {"switchCertChain.txt"},
     {"nvidia.device.arch", "nvidia.report.signature"},
     kGpuOpen},
    // The root alone; and a chain that lacks NVIDIA's Provisioner ICA, of another device.
    {"hopperAttestationReport.txt",
     {"coco_hopper_cert_chain_case2.txt"},
     {},
     {"nvidia.device_chain.present", "nvidia.driver_rim.present", "nvidia.vbios_rim.present"}},
    {"hopperAttestationReport.txt",
     {"coco_hopper_cert_chain_case3.txt"},
     {"nvidia.report.signature"},
     {"nvidia.device_chain.present", "nvidia.driver_rim.present", "nvidia.vbios_rim.present"}},
};

TEST(NvidiaVectors, EachHasItsRightVerdict) {
  WARD_NEED_VECTORS();
  std::size_t differences = 0;
  std::set<std::string> judged;
  std::set<std::string> chains;
  for (const Real& real : kReal) {
    SCOPED_TRACE(std::string(real.evidence) +
                 (real.collateral.empty() ? "" : " " + real.collateral[0]));
    const Appraisal a = judge(file(real.evidence), documents(real.collateral));
    EXPECT_EQ(a.failed(), real.failed);
    EXPECT_EQ(open(a), real.open);
    EXPECT_EQ(a.verdict, real.failed.empty() ? Verdict::kUndetermined : Verdict::kRefused);
    if (a.failed() != real.failed || open(a) != real.open) ++differences;
    judged.insert("nvidia/" + std::string(real.evidence));
    for (const std::string& name : real.collateral)
      (name.starts_with("coco_") ? chains : judged).insert("nvidia/" + name);
  }
  test::report_files("nvidia-evidence", judged, differences);
  test::report_files("nvidia-certchain", chains);
}

TEST(NvidiaVectors, TheNonceIsWhatEvidenceIsBoundTo) {
  WARD_NEED_VECTORS();
  const std::string nonce = "e97b23a1718095a0e9e35edca810768c70a6a5a389b705e7539b1cb2a8b7d9ae";
  const Appraisal one = judge(file("hopper_evidence.json"), {});
  EXPECT_EQ(to_hex(one.facts.report_data).substr(0, 16), nonce.substr(0, 16));
  EXPECT_EQ(one.facts.report_data.size(), kNonceSize);
  const Appraisal bound =
      judge(file("hopper_evidence.json"), {},
            {std::vector<Buffer>{one.facts.report_data}, attest::Unchecked{}, attest::Unchecked{}});
  EXPECT_EQ(bound.failed(), Ids{});
}

TEST(NvidiaVectors, DevicesOfAListAreCountedOnce) {
  WARD_NEED_VECTORS();
  const auto devices = [](const Appraisal& a) {
    return std::get<std::uint64_t>(a.claims.at(0).value);
  };
  const Appraisal gpus = judge(file("multi_gpu_hopper.json"), {});
  EXPECT_EQ(devices(gpus), 4U);
  EXPECT_TRUE(gpus.warnings.empty());
  // NVIDIA's file holds one switch's evidence four times.
  const Appraisal switches = judge(file("multi_switch_ls10.json"), {});
  EXPECT_EQ(devices(switches), 1U);
  ASSERT_EQ(switches.warnings.size(), 1U);
}

TEST(NvidiaVectors, AFlippedOctetOfAReportIsRefused) {
  WARD_NEED_VECTORS();
  const Buffer report = *from_hex(as_text(file("hopperAttestationReport.txt")));
  const attest::Collateral chain = documents({"hopperCertChain.txt"});
  for (std::size_t i = 0; i < report.size(); i += 61) {
    Buffer changed = report;
    changed[i] ^= 1U;
    EXPECT_EQ(judge(changed, chain).verdict, Verdict::kRefused) << i;
  }
}

TEST(NvidiaVectors, BlackwellsFirmwareIsReadOutOfItsCertificate) {
  WARD_NEED_VECTORS();
  const auto chain = pki::parse_certificates(as_text(file("blackwellCertChain.txt")));
  ASSERT_TRUE(chain);
  EXPECT_EQ(to_hex(*fwid_of(chain->at(0))).substr(0, 16), "d090cab1b6e6ffdd");
  EXPECT_EQ(chip_of(chain->at(0))->arch, Arch::kBlackwell);
}

TEST(NvidiaVectors, TheRootsAreThePinnedOnes) {
  WARD_NEED_VECTORS();
  const auto anchor = [](const char* name) {
    return x509::development_anchors(as_text(file(name)))->at(0).spki_sha256;
  };
  EXPECT_EQ(anchor("verifier_device_root.pem"), pinned_anchors()[kDeviceAnchor].spki_sha256);
  EXPECT_EQ(anchor("rim_root.crt"), pinned_anchors()[kRimAnchor].spki_sha256);
  EXPECT_NE(anchor("incorrect_rim_root.crt"), pinned_anchors()[kRimAnchor].spki_sha256);
}

// A device of our own that says that it runs the driver of the one manifest that there is.
Appraisal with_real_rim(const Buffer& rim, UnixTime now, std::vector<attest::Anchor> more = {}) {
  Stage s = good_stage(Arch::kHopper);
  s.device.driver_version = "550.90.07";
  Made m = make(s);
  m.document("driver_rim.xml") = rim;
  const std::string json = *write_evidence_json({m.device});
  std::vector<attest::Anchor> anchors(std::move(more));
  anchors.push_back(stage_anchor(s));
  attest::Findings out;
  const auto done = Nvidia().verify(
      {.evidence = as_bytes(json), .collateral = m.documents, .anchors = anchors, .now = now}, out);
  EXPECT_TRUE(done.has_value());
  return attest::appraise(std::move(out), {.allow_development = true},
                          {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}, now);
}

TEST(NvidiaVectors, NvidiasManifestIsVerifiedAndCompared) {
  WARD_NEED_VECTORS();
  const Buffer rim = file("rim_NV_GPU_DRIVER_GH100_550.90.07.xml");
  const std::vector<attest::Anchor> pinned{pinned_anchors()[kRimAnchor]};
  const Appraisal a = with_real_rim(rim, kNow, pinned);
  for (const char* id :
       {"nvidia.driver_rim.present", "nvidia.driver_rim.digest", "nvidia.driver_rim.signature",
        "nvidia.driver_rim.product", "nvidia.rim_chain.present", "nvidia.rim_chain.root",
        "nvidia.rim_chain.signature", "nvidia.rim_chain.names", "nvidia.rim_chain.constraints",
        "nvidia.rim_chain.not_before", "nvidia.rim_chain.not_after"}) {
    ASSERT_NE(a.check(id), nullptr);
    EXPECT_EQ(a.check(id)->outcome, attest::Outcome::kPassed) << id;
  }
  // The device measures something else; no responder was asked about NVIDIA's certificates.
  EXPECT_EQ(std::ranges::count(a.failed(), "nvidia.driver_rim.measurements"), 1);
  EXPECT_EQ(a.check("nvidia.ocsp.present")->not_done, attest::NotDone::kAbsent);
  const Ids late = with_real_rim(rim, {1'790'000'000 + 86400}, pinned).failed();
  EXPECT_EQ(std::ranges::count(late, "nvidia.rim_chain.not_after"), 1);
  Buffer altered = rim;
  altered[as_text(rim).find("Hash0=\"80161aac") + 7] = '9';
  const Ids changed = with_real_rim(altered, kNow, pinned).failed();
  EXPECT_EQ(std::ranges::count(changed, "nvidia.driver_rim.digest"), 1);
  test::report_files("nvidia-rim", {"nvidia/rim_NV_GPU_DRIVER_GH100_550.90.07.xml"});
}

TEST(NvidiaVectors, ASignersCertificateIsNoRoot) {
  WARD_NEED_VECTORS();
  const Buffer rim = file("rim_NV_GPU_DRIVER_GH100_550.90.07.xml");
  const auto wrong = *x509::development_anchors(as_text(file("incorrect_rim_root.crt")));
  const Ids failed = with_real_rim(rim, kNow, wrong).failed();
  EXPECT_EQ(std::ranges::count(failed, "nvidia.rim_chain.root"), 1);
  const std::vector<attest::Anchor> device_root{pinned_anchors()[kDeviceAnchor]};
  const Ids other_use = with_real_rim(rim, kNow, device_root).failed();
  EXPECT_EQ(std::ranges::count(other_use, "nvidia.rim_chain.root"), 1);
  test::report_files("nvidia-cert", {"nvidia/incorrect_rim_root.crt", "nvidia/rim_root.crt",
                                     "nvidia/verifier_device_root.pem"});
}

}  // namespace
}  // namespace ward::nvidia
