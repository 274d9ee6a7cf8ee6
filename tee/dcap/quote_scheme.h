#pragma once

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

// QuoteScheme verifies Intel DCAP quotes; SGX and TDX differ in the body, and in what a TCB info
// says of a platform.
class QuoteScheme : public attest::Scheme {
 public:
  explicit QuoteScheme(const Profile& profile) : profile_(profile) {}

  [[nodiscard]] attest::SchemeInfo info() const final;
  [[nodiscard]] attest::Recognition recognises(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::Claim>> inspect(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::LayoutField>> layout(Bytes evidence) const final;
  [[nodiscard]] Result<std::vector<attest::CollateralRequest>> needs(Bytes evidence) const final;
  [[nodiscard]] Result<attest::Findings> verify(Bytes evidence,
                                                const attest::Collateral& collateral,
                                                std::span<const attest::Anchor> anchors,
                                                UnixTime now, attest::Work* work) const final;

 private:
  // The body's fields, and what they say under the names that policies know.
  [[nodiscard]] virtual std::vector<attest::LayoutField> body_layout(const Quote& quote) const = 0;
  [[nodiscard]] virtual std::vector<attest::Claim> body_claims(const Quote& quote) const = 0;
  virtual void fill_facts(const Quote& quote, attest::Facts& facts) const = 0;

  // Records the checks of the body, and of the collateral that Profile::own_document is true for.
  virtual void check_body(Context& context, const Quote& quote,
                          const attest::Collateral& collateral) const = 0;

  // Finds the platform's TCB level and records its checks; nullopt where none matches. `qe_level`
  // may be null.
  [[nodiscard]] virtual std::optional<PlatformTcb> match_tcb(Context& context, const Quote& quote,
                                                             const PckExtensions& pck,
                                                             const Named<TcbInfo>& info,
                                                             const QeTcbLevel* qe_level) const = 0;

  void verify_quote(Context& context, const Quote& quote,
                    const attest::Collateral& collateral) const;
  [[nodiscard]] attest::Facts facts_without_values() const;

  const Profile& profile_;
};

}  // namespace ward::dcap
