#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "attest/claim_list.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/reader.h"
#include "tee/snp/checks.h"
#include "tee/snp/product.h"

namespace ward::snp {

// ATTESTATION_REPORT of versions 2 to 5 (AMD 56860, SEV Secure Nested Paging Firmware ABI
// Specification, revision 1.58, Attestation). Octets.
inline constexpr std::size_t kReportSize = 0x4a0;
inline constexpr std::size_t kSignedSize = 0x2a0;

namespace report {
using Version = Field<0x000, 4>;
using GuestSvn = Field<0x004, 4>;
using Policy = Field<0x008, 8>;
using FamilyId = Field<0x010, 16>;
using ImageId = Field<0x020, 16>;
using Vmpl = Field<0x030, 4>;
using SignatureAlgo = Field<0x034, 4>;
using CurrentTcb = Field<0x038, 8>;
using PlatformInfo = Field<0x040, 8>;
using KeyInfo = Field<0x048, 4>;  // AUTHOR_KEY_EN, MASK_CHIP_KEY, SIGNING_KEY
using Reserved1 = Field<0x04c, 4>;
using ReportData = Field<0x050, 64>;
using Measurement = Field<0x090, 48>;
using HostData = Field<0x0c0, 32>;
using IdKeyDigest = Field<0x0e0, 48>;
using AuthorKeyDigest = Field<0x110, 48>;
using ReportId = Field<0x140, 32>;
using ReportIdMa = Field<0x160, 32>;
using ReportedTcb = Field<0x180, 8>;
using CpuidFamId = Field<0x188, 1>;  // version 3 on, as the next two; before, reserved
using CpuidModId = Field<0x189, 1>;
using CpuidStep = Field<0x18a, 1>;
using Reserved2 = Field<0x18b, 21>;
using ChipId = Field<0x1a0, 64>;
using CommittedTcb = Field<0x1e0, 8>;
using CurrentBuild = Field<0x1e8, 1>;
using CurrentMinor = Field<0x1e9, 1>;
using CurrentMajor = Field<0x1ea, 1>;
using Reserved3 = Field<0x1eb, 1>;
using CommittedBuild = Field<0x1ec, 1>;
using CommittedMinor = Field<0x1ed, 1>;
using CommittedMajor = Field<0x1ee, 1>;
using Reserved4 = Field<0x1ef, 1>;
using LaunchTcb = Field<0x1f0, 8>;
using LaunchMitVector = Field<0x1f8, 8>;  // version 5 on, as the next; before, reserved
using CurrentMitVector = Field<0x200, 8>;
using Reserved5 = Field<0x208, 152>;
using SignatureR = Field<0x2a0, 72>;
using SignatureS = Field<0x2e8, 72>;
using SignatureReserved = Field<0x330, 368>;
static_assert(
    covers<Version, GuestSvn, Policy, FamilyId, ImageId, Vmpl, SignatureAlgo, CurrentTcb,
           PlatformInfo, KeyInfo, Reserved1, ReportData, Measurement, HostData, IdKeyDigest,
           AuthorKeyDigest, ReportId, ReportIdMa, ReportedTcb, CpuidFamId, CpuidModId, CpuidStep,
           Reserved2, ChipId, CommittedTcb, CurrentBuild, CurrentMinor, CurrentMajor, Reserved3,
           CommittedBuild, CommittedMinor, CommittedMajor, Reserved4, LaunchTcb, LaunchMitVector,
           CurrentMitVector, Reserved5, SignatureR, SignatureS, SignatureReserved>(kReportSize));
}  // namespace report

// GUEST_POLICY (AMD 56860, Guest Policy): bit numbers. Bits 15:0 are the lowest ABI version that
// the guest may run on, bit 17 is always one.
namespace guest_policy {
inline constexpr unsigned kSmt = 16;
inline constexpr unsigned kReservedOne = 17;
inline constexpr unsigned kMigrateMa = 18;
inline constexpr unsigned kDebug = 19;
inline constexpr unsigned kSingleSocket = 20;
inline constexpr unsigned kCxlAllow = 21;
inline constexpr unsigned kMemAes256Xts = 22;
inline constexpr unsigned kRaplDis = 23;
inline constexpr unsigned kCiphertextHidingDram = 24;
inline constexpr unsigned kPageSwapDisable = 25;
}  // namespace guest_policy

// What the claims memory_encryption.engine and .integrity say. A guest policy without
// MEM_AES_256_XTS leaves the choice to the platform.
inline constexpr const char* kAesEither = "AES-128-XEX or AES-256-XTS, a key per guest";
inline constexpr const char* kAes256Xts = "AES-256-XTS, a key per guest";
inline constexpr const char* kRmp = "logical (reverse map table)";

// SigningKey is who signed the report (KEY_INFO bits 4:2).
enum class SigningKey : std::uint8_t { kVcek = 0, kVlek = 1, kNone = 7 };

// FormError says which check of the form a report fails.
struct FormError {
  CheckId check;
  std::string found;
  std::string expected;
};

// Report views a well-formed report. Borrows the octets given to parse_report. Nothing in it is
// authenticated.
class Report {
 public:
  using Raw = std::span<const std::uint8_t, kReportSize>;

  explicit Report(Raw raw) : raw_(raw) {}

  [[nodiscard]] Bytes raw() const { return raw_; }

  // signed_part is what the signature covers.
  [[nodiscard]] Bytes signed_part() const { return raw_.first<kSignedSize>(); }

  template <class F>
  [[nodiscard]] Bytes get() const {
    return F::in(raw_);
  }

  [[nodiscard]] std::uint32_t version() const;
  [[nodiscard]] std::uint32_t vmpl() const;

  // policy_bit is one bit of GUEST_POLICY, see guest_policy.
  [[nodiscard]] bool policy_bit(unsigned bit) const;

  // policy_reserved_right is true where bit 17 is one and no bit without a meaning is set.
  [[nodiscard]] bool policy_reserved_right() const;

  [[nodiscard]] SigningKey signing_key() const;

  // cpuid is CPUID family and model; nullopt in version 2, which has none.
  [[nodiscard]] std::optional<Cpuid> cpuid() const;

  // chip_id_masked is true where CHIP_ID is all zero: the platform's owner hides it (MaskChipId).
  [[nodiscard]] bool chip_id_masked() const;

  // signature_rs is r || s, big-endian, 48 octets each (IEEE P1363); nullopt where a field holds
  // more than 48 octets.
  [[nodiscard]] std::optional<std::array<std::uint8_t, 96>> signature_rs() const;

  // layout lists every field; add_claims what they say. The TCB versions' parts are named where
  // `product` is known: their places differ between products.
  [[nodiscard]] std::vector<attest::LayoutField> layout() const;
  void add_claims(std::optional<Line> product, attest::ClaimList& out) const;

 private:
  Raw raw_;
};

// check_form names the first fact of the form that is wrong, nullopt where all are right: size,
// version, signature algorithm, who signs, reserved octets, guest policy, VMPL. `octets` of another
// size than kReportSize is wrong.
[[nodiscard]] std::optional<FormError> check_form(Bytes octets);

// parse_report is the report where its form is right. Pure; borrows `octets`.
[[nodiscard]] std::optional<Report> parse_report(Bytes octets);

// ReportParts is what a report is written from.
struct ReportParts {
  std::uint32_t version = 5;
  std::uint32_t guest_svn = 0;
  std::uint64_t policy = 0;
  std::array<std::uint8_t, 16> family_id{};
  std::array<std::uint8_t, 16> image_id{};
  std::uint32_t vmpl = 0;
  std::uint32_t signature_algo = 1;
  std::array<std::uint8_t, 8> current_tcb{};
  std::uint64_t platform_info = 0;
  std::uint32_t key_info = 0;
  std::array<std::uint8_t, 64> report_data{};
  std::array<std::uint8_t, 48> measurement{};
  std::array<std::uint8_t, 32> host_data{};
  std::array<std::uint8_t, 48> id_key_digest{};
  std::array<std::uint8_t, 48> author_key_digest{};
  std::array<std::uint8_t, 32> report_id{};
  std::array<std::uint8_t, 32> report_id_ma{};
  std::array<std::uint8_t, 8> reported_tcb{};
  std::optional<std::array<std::uint8_t, 3>> cpuid{};  // family, model, stepping
  std::array<std::uint8_t, 64> chip_id{};
  std::array<std::uint8_t, 8> committed_tcb{};
  std::array<std::uint8_t, 3> current_version{};    // major, minor, build
  std::array<std::uint8_t, 3> committed_version{};  // major, minor, build
  std::array<std::uint8_t, 8> launch_tcb{};
  std::optional<std::array<std::uint64_t, 2>> mit_vectors{};  // launch, current
  std::array<std::uint8_t, 72> signature_r{};                 // little-endian
  std::array<std::uint8_t, 72> signature_s{};                 // little-endian
};

// write_report writes kReportSize octets: parse_report's inverse.
[[nodiscard]] Buffer write_report(const ReportParts& parts);

// report_parts takes a report of the right form apart, so that write_report gives it back where
// nothing stands behind the signature (signature_rs).
[[nodiscard]] ReportParts report_parts(const Report& report);

}  // namespace ward::snp
