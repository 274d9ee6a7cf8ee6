#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "pki/certificate.h"

// What certificates of a TPM's keys have beside RFC 5280 (TCG EK Credential Profile 2.5, section 3;
// AK Certificate Profile).
namespace ward::tpm {

// keyUsage bits beside those of pki (RFC 5280 section 4.2.1.3): what EKs are for.
inline constexpr std::uint16_t kKeyEncipherment = 1U << 2U;
inline constexpr std::uint16_t kKeyAgreement = 1U << 4U;

// allows_purpose is false where extKeyUsage is there and does not name the purpose, an OID's
// contents octets.
[[nodiscard]] bool allows_purpose(const pki::Certificate& certificate, Bytes purpose);

// judged_in_chain and judged_in_leaf list the critical extensions of a chain, leaf first, that are
// taken into account here (x509::PathProfile). A leaf's extKeyUsage is: allows_purpose() judges it.
// Certificate policies are where they restrict nothing: any policy is accepted (RFC 5280 section
// 6.1.1 (c) to (f)), no certificate of the chain has policyConstraints, and all that the policies
// say, their qualifiers too, is understood.
[[nodiscard]] std::span<const Bytes> judged_in_chain(std::span<const pki::Certificate> chain);
[[nodiscard]] std::span<const Bytes> judged_in_leaf();

// cut_at_anchor ends a chain that leads to no trusted root at the highest trusted certificate above
// its leaf, whatever it is; true where there is one.
bool cut_at_anchor(std::vector<pki::Certificate>& chain, std::span<const attest::Anchor> anchors);

// is_named is true for a certificate that names whom it is for, by its subject or an alternative
// name (RFC 5280 section 4.1.2.6).
[[nodiscard]] bool is_named(const pki::Certificate& certificate);

// TpmName is one of the attributes 2.23.133.2.1 to .3 (tpmManufacturer, tpmModel, tpmVersion).
struct TpmName {
  enum class Kind : std::uint8_t { kManufacturer, kModel, kVersion };
  Kind kind{};
  std::string text;
};

// tpm_names lists those of the subject alternative name.
[[nodiscard]] std::vector<TpmName> tpm_names(const pki::Certificate& certificate);

}  // namespace ward::tpm
