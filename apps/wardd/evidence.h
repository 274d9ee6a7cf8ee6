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

// quote_of reads {"quote":"<base64>"}: how the KBS protocol carries evidence that is one quote
// (SGX; TDX beside an event log). kMalformed.
[[nodiscard]] Result<Buffer> quote_of(std::string_view primary_evidence);

}  // namespace ward::wardd
