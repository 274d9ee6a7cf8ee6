#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "tee/soft/cases/case.h"

// What the list of cases is made from: one changed fact of a platform each.
namespace ward::soft::cases {

// Why nobody has seen it (Case::unseen).
inline constexpr const char* kRevokedUnseen = "nobody publishes evidence of what was revoked";
inline constexpr const char* kMakerUnseen = "only the maker could sign it, and does not";
inline constexpr const char* kAheadUnseen = "a maker issues nothing ahead of its time";
inline constexpr const char* kLateUnseen =
    "of a public sample everything is late at once, never this alone";
inline constexpr const char* kAttackUnseen = "who attacks a platform so does not publish it";
inline constexpr const char* kFirmwareUnseen = "genuine firmware does not write it";

// DcapFlaw is one fact of an SGX or TDX platform. `fails` are without the TEE's name.
struct DcapFlaw {
  const char* id;
  const char* what;
  const char* unseen;
  std::vector<std::string> fails;
  // Before anything is signed.
  std::function<void(DcapStage& stage, const Setting& setting)> facts{};
  // Afterwards.
  std::function<Result<void>(DcapMade& made, const DcapStage& stage, const Makers& makers)> forge{};
  std::function<bool(const DcapFace& face)> of{};  // which faces have it; all where empty
  const char* tcb_status = "";
};

[[nodiscard]] std::vector<DcapFlaw> dcap_chain_flaws();
[[nodiscard]] std::vector<DcapFlaw> dcap_document_flaws();
[[nodiscard]] std::vector<DcapFlaw> dcap_quote_flaws();
[[nodiscard]] std::vector<DcapFlaw> tdx_flaws();

// SnpFlaw is one fact of an SEV-SNP platform.
struct SnpFlaw {
  const char* id;
  const char* what;
  const char* unseen;
  std::vector<std::string> fails;
  std::vector<std::string> open{};
  std::function<void(SnpStage& stage, const Setting& setting)> facts{};
  std::function<Result<void>(SnpMade& made, const SnpStage& stage, const AmdMakers& makers)>
      forge{};
  std::function<bool(const SnpFace& face)> of{};
};

[[nodiscard]] std::vector<SnpFlaw> snp_chain_flaws();
[[nodiscard]] std::vector<SnpFlaw> snp_report_flaws();

// add_dcap_cases and add_snp_cases write the list.
void add_dcap_cases(std::vector<Case>& out);
void add_snp_cases(std::vector<Case>& out);

// soon is after the time of appraisal, past before it; both within the good documents' validity.
[[nodiscard]] inline UnixTime soon(const Setting& setting) { return {setting.at.seconds + 3600}; }

[[nodiscard]] inline UnixTime past(const Setting& setting) { return {setting.at.seconds - 3600}; }

// document is the one with this name, which there must be.
[[nodiscard]] Buffer& document(attest::Collateral& all, std::string_view name);

// twice builds a certificate in which an extension stands a second time with another value, which
// no builder writes: under a stand-in for the last octet of its OID, which is then replaced.
[[nodiscard]] Result<Buffer> twice(pki::CertificateSpec spec, pki::Extension second,
                                   const crypto::PrivateKey& key);

}  // namespace ward::soft::cases
