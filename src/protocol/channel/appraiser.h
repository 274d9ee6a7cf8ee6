#pragma once

#include <string>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "protocol/channel/binding.h"

namespace ward::protocol::channel {

// Judgement is what an appraisal says of evidence for a channel.
struct Judgement {
  attest::Verdict verdict = attest::Verdict::kRefused;
  bool other_report_data = false;  // nothing else failed
  std::string check{};             // the first that failed, or was not done; "" where accepted
  std::string found{};
  std::string expected{};
  std::string source{};  // of the expectation: document, policy or file
};

// Appraiser has evidence appraised: verifier::Verifier at the edge, under the relying party's
// policy, as of the time of the call.
class Appraiser {
 public:
  Appraiser() = default;
  Appraiser(const Appraiser&) = delete;
  Appraiser& operator=(const Appraiser&) = delete;
  virtual ~Appraiser() = default;

  // appraise accepts only evidence that carries exactly `report_data`.
  [[nodiscard]] virtual Judgement appraise(Bytes evidence, const ReportData& report_data) = 0;
};

// judgement_of reads an appraisal: accepted only where its verdict is, and report data was compared
// and equal.
[[nodiscard]] Judgement judgement_of(const attest::Appraisal& appraisal);

}  // namespace ward::protocol::channel
