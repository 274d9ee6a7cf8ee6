// What anybody can put beside NVIDIA's evidence, or into it, to have good evidence refused or to
// keep a verifier busy.
#include <algorithm>

#include <gtest/gtest.h>

#include "codec/pem.h"
#include "tee/all.h"
#include "tee/nvidia/made/stage.h"
#include "verifier/verifier.h"

namespace ward::nvidia {
namespace {

using attest::Appraisal;
using Ids = std::vector<std::string>;

Appraisal judge(const std::vector<DeviceEvidence>& devices, const attest::Collateral& documents,
                const Stage& s) {
  const verifier::Verifier verifier(tee::all_schemes(), {stage_anchor(s)},
                                    {.name = "test", .allow_development = true});
  const std::string json = *write_evidence_json(devices);
  auto out = verifier.appraise(
      {.evidence = as_bytes(json),
       .collateral = documents,
       .now = kStageNow,
       .expected = {attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}}});
  return out ? *std::move(out) : Appraisal{};
}

// altered is a newer certificate of the same name and key that its issuer did not sign.
pki::Certificate altered(const Stage& s, Role role, std::int64_t number = 0) {
  Stage changed = s;
  StageCert& certificate = changed.certificate(role);
  certificate.not_before = {certificate.not_before.seconds + 1 + number};
  certificate.signed_by = Role::kResponder;
  const bool of_manifests =
      role == Role::kRimCa || role == Role::kRimIssuer || role == Role::kRimSigner;
  const Made made = make(changed);
  std::vector<pki::Certificate> all;
  if (of_manifests) {
    const Bytes xml = made.documents.documents.front().bytes;
    all = parse_rim(xml)->certificates;
  } else {
    all = *pki::parse_certificates(made.device.certificates);
  }
  for (pki::Certificate& c : all) {
    if (c.subject.common_name() == certificate.name) return std::move(c);
  }
  std::abort();
}

TEST(NvidiaHostile, AnAlteredCertificateAmongTheCollateralDisplacesNone) {
  for (const bool first : {true, false}) {
    for (const Role role : {Role::kRoot, Role::kIdentity, Role::kProvisioner, Role::kDevice,
                            Role::kRimCa, Role::kRimIssuer}) {
      const Stage s = good_stage(Arch::kHopper);
      Made m = make(s);
      auto& documents = m.documents.documents;
      documents.insert(first ? documents.begin() : documents.end(),
                       {"altered.der", altered(s, role).der});
      const Appraisal a = judge({m.device}, m.documents, s);
      EXPECT_EQ(a.verdict, attest::Verdict::kAccepted)
          << static_cast<int>(role) << " " << first << " " << attest::summary(a);
    }
  }
}

// Every device brings altered certificates of its own: one limit holds for all, and says so once.
TEST(NvidiaHostile, AListOfDevicesThatEachBringAlteredCertificatesHasOneLimit) {
  const Stage s = good_stage(Arch::kHopper);
  const Made m = make(s);
  const pki::Certificate good = pki::parse_certificates(m.device.certificates)->at(2);
  constexpr unsigned kDevices = 12;
  constexpr unsigned kEach = 59;  // beside the five that are good: what a PEM document may hold
  std::vector<DeviceEvidence> devices(kDevices, m.device);
  for (unsigned i = 0; i < kDevices * kEach; ++i) {
    Buffer der = good.der;
    der[der.size() - 1] ^= static_cast<std::uint8_t>(i);
    der[der.size() - 2] ^= static_cast<std::uint8_t>(1U + (i >> 8U));
    devices[i / kEach].certificates += codec::to_pem("CERTIFICATE", der);
  }
  const Appraisal a = judge(devices, m.documents, s);
  // The good chain was found before.
  EXPECT_EQ(a.failed(), Ids{});
  EXPECT_EQ(std::ranges::count_if(
                a.notes, [](const auto& n) { return n.starts_with("left out: signatures"); }),
            1);
}

}  // namespace
}  // namespace ward::nvidia
