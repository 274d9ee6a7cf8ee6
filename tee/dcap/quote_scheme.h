#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attest/scheme.h"
#include "tee/dcap/quote.h"
#include "tee/dcap/verify.h"

namespace ward::dcap {

// Profile is what one TEE's scheme states about itself.
struct Profile {
  const char* name;  // "sgx": what its checks' ids begin with
  const char* title;
  const char* media_type;
  std::size_t measurement_size;  // in octets
  std::size_t workload_size;     // in octets
  TeeType tee;
  bool (*own_document)(Bytes) = nullptr;  // collateral of the TEE's own, that dcap does not know
  TeeIds ids;
  std::span<const attest::CheckInfo> checks;  // dcap's, the TEE's own, policy's, fields'
  std::size_t policy_at;                      // where policy's begin
  std::span<const attest::FieldInfo> fields;  // in the order of their checks, the last of the table
  std::span<const char* const> tcb_statuses;
  std::span<const attest::PolicyLine> default_policy;
};

// PlatformOctets are the parts of a quote's body that speak of the platform, in their order; empty
// ones count for nothing. Views into the quote.
using PlatformOctets = std::array<Bytes, 2>;

// QuoteScheme verifies Intel DCAP quotes; SGX and TDX differ in the body, and in what a TCB info
// says of a platform. What follows from the platform's part of a quote alone is found out from a
// copy that has zeros in all other places, so that it cannot depend on them, and may be kept: a
// later quote of the platform costs one signature.
class QuoteScheme : public attest::Scheme {
 public:
  explicit QuoteScheme(const Profile& profile) : profile_(profile) {}

  [[nodiscard]] attest::SchemeInfo info() const final;
  [[nodiscard]] attest::Recognition recognises(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::Claim>> inspect(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::LayoutField>> layout(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::CollateralRequest>> needs(Bytes evidence) const final;
  [[nodiscard]] std::unique_ptr<const attest::Prepared> prepare(
      const attest::Collateral& collateral) const final;
  [[nodiscard]] Result<void> verify(const attest::Job& job, attest::Findings& out) const final;

 private:
  using Documents = std::span<const attest::Document* const>;

  // The body's fields, and what they say under the names that policies know.
  [[nodiscard]] virtual std::vector<attest::LayoutField> body_layout(const Quote& quote) const = 0;
  virtual void add_body_claims(const Quote& quote, attest::ClaimList& out) const = 0;
  virtual void fill_facts(const Quote& quote, attest::Facts& facts) const = 0;

  // What of the body match_tcb() needs to see.
  [[nodiscard]] virtual PlatformOctets platform_octets(const Quote& quote) const = 0;

  // Records the checks of the body, and of the `documents` that Profile::own_document is true for.
  virtual void check_body(Context& context, const Quote& quote, Documents documents) const = 0;

  // Finds the platform's TCB level and records its checks; nullopt where none matches. `qe_level`
  // may be null. Of the quote's body only platform_octets() are there.
  [[nodiscard]] virtual std::optional<PlatformTcb> match_tcb(Context& context, const Quote& quote,
                                                             const PckExtensions& pck,
                                                             const Named<TcbInfo>& info,
                                                             const QeTcbLevel* qe_level) const = 0;

  struct Found;
  struct KnownPlatform;
  struct Origins;

  [[nodiscard]] std::array<Bytes, 5> platform_parts(const Quote& quote) const;
  [[nodiscard]] attest::PlatformKey platform_key(const attest::Job& job, const Quote& quote,
                                                 Documents beside) const;
  [[nodiscard]] Found verify_platform(const attest::Job& job, const Quote& quote,
                                      const CollateralSet& collateral,
                                      x509::Signatures& signatures) const;
  void verify_masked(Context& context, const Quote& quote, std::optional<Platform>& platform,
                     std::optional<crypto::PublicKey>& attestation_key) const;
  void verify_evidence(const attest::Job& job, const Quote& quote, const Origins& origins,
                       attest::Findings& out) const;
  void add_claims(const Quote& quote, attest::ClaimList& out) const;
  [[nodiscard]] attest::Facts facts_without_values() const;

  const Profile& profile_;
};

}  // namespace ward::dcap
