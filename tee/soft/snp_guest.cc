#include "tee/soft/snp_guest.h"

#include <algorithm>

#include "tee/snp/measure.h"

namespace ward::soft {
namespace {

using snp::SigningKey;

constexpr std::uint64_t kAbi = 0x0137;         // 1.55, the lowest that the guest runs on
constexpr std::uint64_t kPlatformInfo = 0x25;  // SMT_EN, ECC_EN, ALIAS_CHECK_COMPLETE
constexpr std::array<std::uint8_t, 3> kFirmware = {1, 55, 40};
constexpr std::array<std::uint64_t, 2> kMitigations = {1, 1};  // at launch and now the same

std::uint64_t bit(unsigned number) { return std::uint64_t{1} << number; }

std::array<std::uint8_t, 3> cpuid_of(snp::Line line) {
  switch (line) {
    case snp::Line::kMilan:
      return {0x19, 0x01, 1};
    case snp::Line::kGenoa:
      return {0x19, 0x11, 1};
    case snp::Line::kTurin:
      return {0x1a, 0x02, 1};
  }
  return {};
}

class SnpGuest final : public Guest {
 public:
  SnpGuest(const AmdProcessor& processor, const Face& face, const snp::ReportParts& report)
      : processor_(processor), face_(face), report_(report) {}

  [[nodiscard]] const Face& face() const override { return face_; }

  [[nodiscard]] Buffer launch_measurement() const override {
    return to_buffer(report_.measurement);
  }

  [[nodiscard]] Result<GuestEvidence> evidence(ReportData report_data) override {
    const bool is_vlek = std::get<AmdFace>(face_.form).key == SigningKey::kVlek;
    snp::ReportParts parts = report_;
    std::ranges::copy(report_data, parts.report_data.begin());
    snp::Evidence evidence;
    WARD_TRY(evidence.report, sign_report(parts, is_vlek ? processor_.vlek : processor_.vcek));
    evidence.table = processor_.certificates.table(std::get<AmdFace>(face_.form).key);
    GuestEvidence out;
    out.octets = concat({evidence.report, snp::write_table(evidence.table)});
    WARD_TRY(out.primary, snp::write_evidence_json(evidence, processor_.line));
    return out;
  }

  Result<void> extend(unsigned, Bytes) override {
    return Error(Errc::kUnsupported, "soft.extend: SEV-SNP measures nothing at run time");
  }

 private:
  const AmdProcessor& processor_;
  const Face& face_;
  snp::ReportParts report_;
};

// What a report of this guest states whenever it is asked for.
snp::ReportParts state_report(const AmdProcessor& processor, const AmdFace& form,
                              const Launch& launch, crypto::Rng& rng) {
  const bool is_vlek = form.key == SigningKey::kVlek;
  snp::ReportParts p;
  p.version = form.version;
  p.policy = guest_policy_of(launch.debug);
  const auto tcb = snp::write_tcb(is_vlek ? processor.vlek_tcb : processor.tcb, processor.line);
  p.current_tcb = tcb;
  p.reported_tcb = tcb;
  p.committed_tcb = tcb;
  p.launch_tcb = tcb;
  p.platform_info = kPlatformInfo;
  p.key_info = static_cast<std::uint32_t>(form.key) << 2U;
  p.measurement = snp::launch_digest(launch.runtime);
  std::copy_n(launch.workload.begin(), p.host_data.size(), p.host_data.begin());
  rng.fill(p.report_id);
  p.report_id_ma.fill(0xff);  // no migration agent
  if (form.version >= 3) p.cpuid = cpuid_of(processor.line);
  // A VLEK is the provider's, for many chips: real reports that one signs leave CHIP_ID zero.
  if (!is_vlek) p.chip_id = processor.chip_id;
  p.current_version = kFirmware;
  p.committed_version = kFirmware;
  if (form.version >= 5) p.mit_vectors = kMitigations;
  return p;
}

}  // namespace

std::uint64_t guest_policy_of(bool debug) {
  return kAbi | bit(snp::guest_policy::kReservedOne) | bit(snp::guest_policy::kSmt) |
         (debug ? bit(snp::guest_policy::kDebug) : 0);
}

Result<std::unique_ptr<Guest>> launch_snp(const AmdProcessor& processor, const Face& face,
                                          const Launch& launch, crypto::Rng& rng) {
  const snp::ReportParts report =
      state_report(processor, std::get<AmdFace>(face.form), launch, rng);
  return std::unique_ptr<Guest>(std::make_unique<SnpGuest>(processor, face, report));
}

}  // namespace ward::soft
