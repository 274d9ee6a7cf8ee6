#pragma once

#include <vector>

#include "attest/collateral.h"
#include "broker/broker.h"

namespace ward::wardd {

// PipelineVerifier binds the broker to the one pipeline, verifier::Verifier, over all TEEs of this
// build, with the roots and the collateral of the configuration.
class PipelineVerifier final : public broker::EvidenceVerifier {
 public:
  PipelineVerifier(std::vector<attest::Anchor> extra_anchors, attest::Collateral collateral);

  [[nodiscard]] Result<attest::Appraisal> appraise(
      const broker::EvidenceRequest& request) const override;

  [[nodiscard]] std::vector<attest::FieldInfo> fields() const override;

 private:
  std::vector<attest::Anchor> extra_anchors_;
  attest::Collateral collateral_;
};

// evidence_of gives the octets that a TEE's scheme reads: of {"quote":"<base64>"} the quote, as the
// KBS protocol carries SGX, and TDX beside an event log; of an object without that member its JSON
// text itself, as Trustee carries SEV-SNP. kMalformed.
[[nodiscard]] Result<Buffer> evidence_of(std::string_view primary_evidence);

}  // namespace ward::wardd
