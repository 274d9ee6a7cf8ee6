#include <algorithm>

#include "tee/soft/cases/flaws.h"

// What is wrong with a report, or with the guest and the chip that it speaks of.
namespace ward::soft::cases {
namespace {

using snp::SigningKey;

constexpr unsigned kSigningKeyShift = 2;  // KEY_INFO bits 4:2

bool vcek(const SnpFace& face) { return !face.vlek(); }

bool vlek(const SnpFace& face) { return face.vlek(); }

void say_key(SnpStage& s, SigningKey key) {
  s.world.report.key_info = static_cast<std::uint32_t>(key) << kSigningKeyShift;
}

void move_svn(std::array<std::uint8_t, 8>& tcb, const SnpStage& s, int by) {
  snp::Tcb parts = snp::read_tcb(tcb, s.face.form.line);
  parts.snp = static_cast<std::uint8_t>(parts.snp + by);
  tcb = snp::write_tcb(parts, s.face.form.line);
}

void allow(SnpStage& s, unsigned bit) { s.world.report.policy |= std::uint64_t{1} << bit; }

// The platform's owner masks its key: firmware signs nothing.
Result<void> unsign(SnpMade& made, const SnpStage& /*stage*/, const AmdMakers& /*makers*/) {
  std::fill(made.report.begin() + snp::kSignedSize, made.report.end(), std::uint8_t{0});
  return {};
}

// By the chip's other kind of key.
Result<void> report_forged(SnpMade& made, const SnpStage& stage, const AmdMakers& makers) {
  WARD_TRY(made.report,
           sign_report(stage.world.report, stage.face.vlek() ? makers.keys.vcek : makers.keys.vlek,
                       stage.signing));
  return {};
}

std::vector<SnpFlaw> key_flaws() {
  return {
      {.id = "masked-chip-id",
       .what = "the platform's owner hides the chip id; the signature alone says which VCEK it is",
       .unseen = "public samples name their chip",
       .fails = {},
       .facts = [](SnpStage& s, const Setting& /*at*/) { s.world.report.chip_id.fill(0); },
       .of = vcek},
      {.id = "masked-chip-key",
       .what = "the platform's owner masks the chip's key: the report is not signed",
       .unseen = "a report that proves nothing is not published",
       .fails = {"report.signing_key"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { say_key(s, SigningKey::kNone); },
       .forge = unsign},
      {.id = "vlek-offered-as-vcek",
       .what = "the report says that a VCEK signed it, which names a chip; a VLEK did",
       .unseen = kFirmwareUnseen,
       .fails = {"vek.kind"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { say_key(s, SigningKey::kVcek); },
       .of = vlek},
      {.id = "vcek-offered-as-vlek",
       .what = "the report says that a VLEK signed it; a VCEK did",
       .unseen = kFirmwareUnseen,
       .fails = {"vek.kind"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { say_key(s, SigningKey::kVlek); },
       .of = vcek},
      {.id = "vlek-without-provider",
       .what = "the VLEK's certificate does not say for which cloud provider it was made",
       .unseen = kMakerUnseen,
       .fails = {"vek.csp_id"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { s.world.vlek.csp_id.reset(); },
       .of = vlek},
      {.id = "vcek-of-another-chip",
       .what = "the VCEK's certificate is of another chip than the report names",
       .unseen = kAttackUnseen,
       .fails = {"vek.hwid"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { s.world.vcek.hwid->front() ^= 1U; },
       .of = vcek},
      {.id = "report-forged",
       .what = "the report is signed by another key than the certificate's",
       .unseen = kAttackUnseen,
       .fails = {"report.signature"},
       .forge = report_forged},
  };
}

std::vector<SnpFlaw> tcb_flaws() {
  return {
      {.id = "tcb-recovery",
       .what = "the certificate is for the TCB after an update, the report states the one before",
       .unseen = kAttackUnseen,
       .fails = {"vek.tcb"},
       .facts = [](SnpStage& s,
                   const Setting& /*at*/) { move_svn(s.world.report.reported_tcb, s, -1); }},
      {.id = "reported-above-committed",
       .what = "the TCB that is reported is one that the platform may fall behind",
       .unseen = kFirmwareUnseen,
       .fails = {"tcb.reported_committed"},
       .facts = [](SnpStage& s,
                   const Setting& /*at*/) { move_svn(s.world.report.committed_tcb, s, -1); }},
      {.id = "rolled-back-since-launch",
       .what = "the guest was launched on a higher TCB than the platform runs now",
       .unseen = kFirmwareUnseen,
       .fails = {"tcb.launch_current"},
       .facts = [](SnpStage& s,
                   const Setting& /*at*/) { move_svn(s.world.report.launch_tcb, s, 1); }},
  };
}

}  // namespace

std::vector<SnpFlaw> snp_report_flaws() {
  std::vector<SnpFlaw> out = key_flaws();
  for (SnpFlaw& flaw : tcb_flaws()) {
    out.push_back(std::move(flaw));
  }
  const std::vector<SnpFlaw> more = {
      {.id = "debug",
       .what = "the guest may be debugged: the host can read it",
       .unseen = "nobody publishes a guest that anyone may read",
       .fails = {"guest_policy.debug"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { allow(s, snp::guest_policy::kDebug); }},
      {.id = "migration-agent",
       .what = "the host may give the guest's memory to a migration agent of its choice",
       .unseen = "no platform in public use has an agent",
       .fails = {"guest_policy.migrate_ma"},
       .facts = [](SnpStage& s,
                   const Setting& /*at*/) { allow(s, snp::guest_policy::kMigrateMa); }},
      {.id = "guest-policy-unknown-bit",
       .what = "a bit of the guest policy is set that has no meaning yet",
       .unseen = kFirmwareUnseen,
       .fails = {"guest_policy.reserved"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { allow(s, 26); }},
      {.id = "report-version-unknown",
       .what = "the report is of version 6, of which nothing is known",
       .unseen = kFirmwareUnseen,
       .fails = {"report.version"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { s.world.report.version = 6; }},
      {.id = "chain-of-another-line",
       .what = "the report names a processor of the Milan line, the chain is of Genoa's",
       .unseen = kFirmwareUnseen,
       .fails = {"vek_chain.product", "vek.product_name"},
       .facts =
           [](SnpStage& s, const Setting& /*at*/) {
             s.world.report.cpuid = {0x19, 0x01, 1};
           },
       .of =
           [](const SnpFace& f) {
             return f.form.version >= 3 && f.form.line == snp::Line::kGenoa;
           }},
      {.id = "asked-for-by-the-host",
       .what = "the host asked for the report, not the guest at one of its privilege levels",
       .unseen = "hosts do not publish theirs",
       .fails = {"report.vmpl_range"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { s.world.report.vmpl = 0xffffffff; }},
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace ward::soft::cases
