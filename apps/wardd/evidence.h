#pragma once

#include <memory>
#include <vector>

#include "attest/collateral.h"
#include "attest/platform.h"
#include "broker/broker.h"
#include "verifier/collateral.h"

namespace ward::wardd {

// PipelineVerifier binds the broker to the one pipeline, verifier::Verifier, over all TEEs of this
// build, with the roots and the collateral of the configuration. It reads the collateral once, and
// remembers platforms for all policies.
class PipelineVerifier final : public broker::EvidenceVerifier {
 public:
  PipelineVerifier(std::vector<attest::Anchor> extra_anchors, attest::Collateral collateral);

  [[nodiscard]] Result<attest::Appraisal> appraise(
      const broker::EvidenceRequest& request) const override;

  [[nodiscard]] std::vector<attest::FieldInfo> fields() const override;

 private:
  std::vector<attest::Anchor> extra_anchors_;
  verifier::PreparedCollateral collateral_;
  std::shared_ptr<attest::PlatformStore> platforms_;
};

// evidence_of gives the octets that a TEE's scheme reads: of {"quote":"<base64>"} the quote, as the
// KBS protocol carries SGX, and TDX beside an event log; of an object without that member its JSON
// text itself, as Trustee carries SEV-SNP. kMalformed.
[[nodiscard]] Result<Buffer> evidence_of(std::string_view primary_evidence);

}  // namespace ward::wardd
