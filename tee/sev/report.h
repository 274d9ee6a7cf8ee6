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
#include "crypto/signature.h"
#include "tee/sev/checks.h"

namespace ward::sev {

// The attestation report of SEV's first generation: what the command ATTESTATION gives (AMD 55766,
// Secure Encrypted Virtualization API, revision 3.24, ATTESTATION). Octets.
inline constexpr std::size_t kReportSize = 208;
inline constexpr std::size_t kSignedSize = 52;

namespace report {
using Mnonce = Field<0x00, 16>;
using LaunchDigest = Field<0x10, 32>;
using Policy = Field<0x30, 4>;
using SigUsage = Field<0x34, 4>;
using SigAlgo = Field<0x38, 4>;
using Reserved = Field<0x3c, 4>;
using SignatureR = Field<0x40, 72>;
using SignatureS = Field<0x88, 72>;
static_assert(covers<Mnonce, LaunchDigest, Policy, SigUsage, SigAlgo, Reserved, SignatureR,
                     SignatureS>(kReportSize));
static_assert(Policy::kEnd == kSignedSize);
}  // namespace report

// POLICY (AMD 55766, Guest Policy Structure): bit numbers. Bits 23:16 and 31:24 are the lowest API
// version that the guest may run on.
namespace guest_policy {
inline constexpr unsigned kNodbg = 0;   // no debugging
inline constexpr unsigned kNoks = 1;    // no key shared with another guest
inline constexpr unsigned kEs = 2;      // SEV-ES: registers are encrypted
inline constexpr unsigned kNosend = 3;  // not to be sent to another platform
inline constexpr unsigned kDomain = 4;  // not to be sent to a platform of another owner
inline constexpr unsigned kSev = 5;     // not to be sent to a platform that is no SEV one
inline constexpr std::uint32_t kReservedBits = 0x0000ffc0;

// PolicyBit names one.
struct PolicyBit {
  const char* name;
  unsigned bit;
};

inline constexpr PolicyBit kBits[] = {{"nodbg", kNodbg},   {"noks", kNoks},     {"es", kEs},
                                      {"nosend", kNosend}, {"domain", kDomain}, {"sev", kSev}};
}  // namespace guest_policy

// What the claims memory_encryption.* say, and fields.def demands.
inline constexpr const char* kEngine = "AES-128, a key per guest";
inline constexpr const char* kNoIntegrity = "none";

// FormError says which check of the form evidence fails.
struct FormError {
  CheckId check;
  std::string found;
  std::string expected;
};

// Report views a well-formed report. Borrows the octets given to it. Nothing in it is
// authenticated.
class Report {
 public:
  using Raw = std::span<const std::uint8_t, kReportSize>;

  explicit Report(Raw raw) : raw_(raw) {}

  [[nodiscard]] Bytes raw() const { return raw_; }

  // signed_part is what the signature covers: nonce, launch digest and policy.
  [[nodiscard]] Bytes signed_part() const { return raw_.first<kSignedSize>(); }

  template <class F>
  [[nodiscard]] Bytes get() const {
    return F::in(raw_);
  }

  [[nodiscard]] std::uint32_t policy() const;
  [[nodiscard]] bool policy_bit(unsigned bit) const;
  [[nodiscard]] std::uint32_t sig_algo() const;

  // signs is true where `key` signed the report.
  [[nodiscard]] bool signed_by(const crypto::PublicKey& key) const;

  // layout lists every field; add_claims what they say.
  [[nodiscard]] std::vector<attest::LayoutField> layout() const;
  void add_claims(attest::ClaimList& out) const;

 private:
  Raw raw_;
};

// check_form names the first fact of the form that is wrong, nullopt where all are right. `octets`
// of another size than kReportSize is wrong.
[[nodiscard]] std::optional<FormError> check_form(Bytes octets);

// ReportParts is what a report is written from.
struct ReportParts {
  std::array<std::uint8_t, 16> mnonce{};
  std::array<std::uint8_t, 32> launch_digest{};
  std::uint32_t policy = 0;
  std::uint32_t sig_usage = 0;
  std::uint32_t sig_algo = 0;
  std::uint32_t reserved = 0;
  std::array<std::uint8_t, 144> signature{};  // R and S, little-endian, 72 octets each
};

// write_report writes kReportSize octets; report_parts takes such a report apart: inverses.
[[nodiscard]] Buffer write_report(const ReportParts& parts);
[[nodiscard]] ReportParts report_parts(const Report& report);

}  // namespace ward::sev
