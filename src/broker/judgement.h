#pragma once

#include <optional>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/archive.h"
#include "broker/broker.h"
#include "broker/refusal.h"
#include "broker/refusal_record.h"

// What an appraisal of evidence means for whoever sent it: the same at /attest and when it is
// replayed.
namespace ward::broker {

// Evidence is judged again where another policy for evidence came into force before the outcome was
// written, so often at most.
inline constexpr int kJudgedAtMost = 3;

// Judging is under what an archived message is appraised.
struct Judging {
  const EvidencePolicy& policy;
  UnixTime at;
  const attest::Collateral* collateral = nullptr;  // nullptr: what the service holds
};

// Judgement is an appraisal, with what the policies in Rego say of the evidence.
struct Judgement {
  attest::Appraisal appraisal;
  RegoSaid rego;  // of all devices, the worst of each claim
  // Names of the machine (PlatformIds::name), sorted; behind them kUnnamedPlatform, where a part
  // does not name its own, or there are too many.
  std::vector<std::string> platforms;
};

// appraise_record appraises the evidence of a message for the bindings that it must carry, and
// compares the manifest that came with it. Evidence that all else accepts is put before the
// policies in Rego, with the reference values that count at that time. Its verdict is accepted only
// where failures_of lists nothing. What names the machine is concealed in what it returns
// (platform_ids.h). Errors of EvidenceVerifier::appraise.
[[nodiscard]] Result<Judgement> appraise_record(const Service& service,
                                                const ArchivedAppraisal& record,
                                                const Judging& judging);

// failures_of lists what keeps an appraisal from being accepted: failed checks, then what could not
// be done. Report data and measurement must have been compared; parts that evidence of its kind may
// lack, and lacks, are no failure. nullopt where it is accepted; a list may be empty where the
// verdict alone says no.
[[nodiscard]] std::optional<std::vector<attest::Check>> failures_of(
    const attest::Appraisal& appraisal);

// refusal_of is that as the answer to /attest; nullopt where it is accepted.
[[nodiscard]] std::optional<Refusal> refusal_of(const attest::Appraisal& appraisal);

// proved_workload is the workload of whoever asked, in hex; empty unless it was shown that it is
// theirs: evidence that does not verify claims any workload it likes, and evidence that is not
// bound to its session may be somebody else's.
[[nodiscard]] std::string proved_workload(const attest::Appraisal& appraisal);

// refused_act is a refusal of this evidence, for the ledger.
[[nodiscard]] RefusedAct refused_act(const attest::Appraisal& appraisal, UnixTime now);

}  // namespace ward::broker
