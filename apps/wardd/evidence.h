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

  [[nodiscard]] Result<broker::Appraised> appraise(
      const broker::EvidenceRequest& request) const override;

  [[nodiscard]] const attest::Collateral& collateral() const override {
    return collateral_.documents();
  }

  [[nodiscard]] bool serves(std::string_view tee) const override;

  [[nodiscard]] std::vector<attest::FieldInfo> fields() const override;

 private:
  std::vector<attest::Anchor> extra_anchors_;
  verifier::PreparedCollateral collateral_;
  std::shared_ptr<attest::PlatformStore> platforms_;
};

// KbsEvidence is what a client of the KBS protocol sends as primary_evidence.
struct KbsEvidence {
  Buffer evidence;            // the octets that a TEE's scheme reads
  attest::Collateral beside;  // the event log of a TD, where it came along
};

// evidence_of gives of {"quote":"<base64>"} the quote, as the KBS protocol carries SGX, and TDX
// with its event log in `cc_eventlog` (base64, or null); of an object without `quote`, or whose
// `quote` is an object, its JSON text itself, as Trustee carries the other TEEs. kMalformed; an
// event log that is none is kMalformed too: the sender of evidence brings no other collateral.
[[nodiscard]] Result<KbsEvidence> evidence_of(std::string_view primary_evidence);

}  // namespace ward::wardd
