#include "tee/soft/snp_guest.h"

#include <algorithm>

#include "base/writer.h"
#include "crypto/kdf.h"
#include "tee/snp/id_block.h"
#include "tee/snp/measure.h"
#include "tee/soft/derive.h"

namespace ward::soft {
namespace {

using snp::SigningKey;

constexpr std::uint32_t kAuthorKeyEn = 1;  // of KEY_INFO
constexpr std::uint32_t kLowestVmpl = 3;
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
  SnpGuest(const AmdProcessor& processor, const Face& face, SnpGuestState state)
      : processor_(processor), face_(face), state_(std::move(state)) {}

  [[nodiscard]] const Face& face() const override { return face_; }

  [[nodiscard]] Buffer launch_measurement() const override {
    return to_buffer(state_.report.measurement);
  }

  [[nodiscard]] Result<GuestEvidence> evidence(ReportData report_data) override {
    snp::ReportParts parts = state_.report;
    std::ranges::copy(report_data, parts.report_data.begin());
    snp::Evidence evidence;
    WARD_TRY(evidence.report, sign_report(parts, is_vlek() ? processor_.vlek : processor_.vcek));
    evidence.table = processor_.certificates.table(std::get<AmdFace>(face_.form).key);
    GuestEvidence out;
    out.octets = concat({evidence.report, snp::write_table(evidence.table)});
    WARD_TRY(out.primary, snp::write_evidence_json(evidence, processor_.line));
    return out;
  }

  [[nodiscard]] Result<Buffer> local_report(Bytes, ReportData) const override {
    return Error(Errc::kUnsupported, "soft.local_report: SEV-SNP has none: its report is signed");
  }

  [[nodiscard]] Result<void> verify_report(Bytes) const override {
    return Error(Errc::kUnsupported, "soft.verify_report: SEV-SNP has no local reports");
  }

  [[nodiscard]] Result<SecretBytes> derive_key(Bytes request) const override {
    WARD_TRY(const snp::KeyRequest parsed, snp::parse_key_request(request));
    WARD_TRY(const Secret<32> key, derive_snp_key(processor_, state_, is_vlek(), parsed));
    return SecretBytes::copy_of(key.expose());
  }

  Result<void> extend(unsigned, Bytes) override {
    return Error(Errc::kUnsupported, "soft.extend: SEV-SNP measures nothing at run time");
  }

 private:
  [[nodiscard]] bool is_vlek() const {
    return std::get<AmdFace>(face_.form).key == SigningKey::kVlek;
  }

  const AmdProcessor& processor_;
  const Face& face_;
  SnpGuestState state_;
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

// The root of the key that is asked for; empty where it is not loaded.
Bytes root_key(const AmdProcessor& processor, const SnpGuestState& guest, bool has_vlek,
               snp::RootKey root) {
  switch (root) {
    case snp::RootKey::kDefault:
      return has_vlek ? processor.vlek_root.expose() : processor.vcek_root.expose();
    case snp::RootKey::kVmrk:
      return guest.vmrk.expose();
    case snp::RootKey::kVcek:
      return processor.vcek_root.expose();
    case snp::RootKey::kVlek:
      return has_vlek ? Bytes(processor.vlek_root.expose()) : Bytes();
  }
  return {};
}

}  // namespace

std::uint64_t guest_policy_of(bool debug) {
  return kAbi | bit(snp::guest_policy::kReservedOne) | bit(snp::guest_policy::kSmt) |
         (debug ? bit(snp::guest_policy::kDebug) : 0);
}

Result<void> apply_id_block(Bytes id_block, snp::ReportParts& report) {
  const std::size_t size = std::min(id_block.size(), snp::kIdBlockSize);
  WARD_TRY(const snp::IdBlock block, snp::parse_id_block(id_block.first(size)));
  WARD_TRY(const snp::IdAuth auth, snp::parse_id_auth(id_block.subspan(size)));
  WARD_CHECK_OK(snp::verify_id_block(block, auth));
  if (block.launch_digest != report.measurement) {
    return Error(Errc::kUntrusted, "soft.launch: the ID block is for another image (LD)");
  }
  if (block.policy != report.policy) {
    const bool debug_differs =
        ((block.policy ^ report.policy) & bit(snp::guest_policy::kDebug)) != 0;
    return debug_differs
               ? Error(Errc::kDenied, "soft.launch: the ID block's policy on debugging (--debug)")
               : Error(Errc::kDenied, "soft.launch: the ID block demands the policy", block.policy);
  }
  report.family_id = block.family_id;
  report.image_id = block.image_id;
  report.guest_svn = block.guest_svn;
  report.id_key_digest = auth.id_key_digest();
  report.author_key_digest = auth.author_key_digest();
  if (auth.has_author) report.key_info |= kAuthorKeyEn;
  return {};
}

Result<Secret<32>> derive_snp_key(const AmdProcessor& processor, const SnpGuestState& guest,
                                  bool has_vlek, const snp::KeyRequest& request) {
  const snp::ReportParts& report = guest.report;
  const auto root = root_key(processor, guest, has_vlek, request.root_key);
  if (root.empty()) return Error(Errc::kDenied, "soft.derive_key: no VLEK is loaded");
  if (request.vmpl > kLowestVmpl) {
    return Error(Errc::kDenied, "soft.derive_key: VMPL above 3", request.vmpl);
  }
  if (request.guest_svn > report.guest_svn) {
    return Error(Errc::kDenied, "soft.derive_key: a GUEST_SVN above this keep's own",
                 request.guest_svn);
  }
  const snp::Tcb wanted = snp::read_tcb(request.tcb_version, processor.line);
  if (!wanted.reserved_zero) {
    return Error(Errc::kMalformed, "soft.derive_key: reserved octets of TCB_VERSION");
  }
  if (!snp::reaches(snp::read_tcb(report.committed_tcb, processor.line), wanted)) {
    return Error(Errc::kDenied, "soft.derive_key: a TCB_VERSION above the committed one");
  }
  const auto selected = [&](unsigned field) {
    return (request.guest_field_select & bit(field)) != 0;
  };
  Writer w;
  w.u64le(request.guest_field_select);
  w.u32le(request.vmpl);
  // Always in the key, whatever is selected. HOST_DATA: firmware was seen to mix it in (the
  // specification names no field for it), and without it all workloads on one image would have one
  // key. The signer: what an ID block states is only as good as its author, or its ID key where it
  // has none. DEBUG: otherwise a guest that the host may look into would get the keys of the one
  // that it was made from.
  w.bytes(report.host_data);
  const bool has_author = (report.key_info & kAuthorKeyEn) != 0;
  w.bytes(has_author ? report.author_key_digest : report.id_key_digest);
  w.u64le(report.policy &
          (selected(snp::guest_field::kGuestPolicy) ? ~std::uint64_t{0}
                                                    : bit(snp::guest_policy::kDebug)));
  const auto add = [&](unsigned field, Bytes value) {
    w.bytes(selected(field) ? to_buffer(value) : Buffer(value.size()));
  };
  add(snp::guest_field::kImageId, report.image_id);
  add(snp::guest_field::kFamilyId, report.family_id);
  add(snp::guest_field::kMeasurement, report.measurement);
  w.u32le(selected(snp::guest_field::kGuestSvn) ? request.guest_svn : 0);
  add(snp::guest_field::kTcbVersion, request.tcb_version);
  return crypto::hkdf<32>(crypto::Hash::kSha256, root, as_bytes("ward software TEE, SNP face, 1"),
                          labelled("guest key", {w.view()}));
}

Result<std::unique_ptr<Guest>> launch_snp(const AmdProcessor& processor, const Face& face,
                                          const Launch& launch, crypto::Rng& rng) {
  snp::ReportParts report = state_report(processor, std::get<AmdFace>(face.form), launch, rng);
  if (!launch.signature.empty()) WARD_CHECK_OK(apply_id_block(launch.signature, report));
  // Without a migration agent the firmware draws the VMRK. The report id is as new as that.
  auto vmrk = crypto::hkdf<32>(crypto::Hash::kSha256, processor.vmrk_root.expose(),
                               report.report_id, as_bytes("VMRK"));
  return std::unique_ptr<Guest>(
      std::make_unique<SnpGuest>(processor, face, SnpGuestState{report, std::move(vmrk)}));
}

}  // namespace ward::soft
