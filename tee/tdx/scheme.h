#pragma once

#include "tee/dcap/quote_scheme.h"

namespace ward::tdx {

// Tdx verifies TDX ECDSA quotes of versions 4 and 5 (Intel DCAP) with TD reports of TDX 1.0
// and 1.5. See README.md for what its evidence does not prove.
class Tdx final : public dcap::QuoteScheme {
 public:
  Tdx();

 private:
  [[nodiscard]] std::vector<attest::LayoutField> body_layout(
      const dcap::Quote& quote) const override;
  [[nodiscard]] dcap::PlatformOctets platform_octets(const dcap::Quote& quote) const override;
  void add_body_claims(const dcap::Quote& quote, attest::ClaimList& out) const override;
  void fill_facts(const dcap::Quote& quote, attest::Facts& facts) const override;
  void check_body(dcap::Context& context, const dcap::Quote& quote,
                  std::span<const attest::Document* const> documents) const override;
  [[nodiscard]] std::optional<dcap::PlatformTcb> match_tcb(
      dcap::Context& context, const dcap::Quote& quote, const dcap::PckExtensions& pck,
      const dcap::Named<dcap::TcbInfo>& info, const dcap::QeTcbLevel* qe_level) const override;
};

}  // namespace ward::tdx
