#pragma once

#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/broker.h"

namespace ward::broker {

// Appraiser is RFC 9334's verifier for whoever asks: evidence in, attestation result and reasons
// out (docs/protocols/appraise.md). Its results are for somebody else, and open no resource of this
// service. Safe from several threads.
class Appraiser {
 public:
  explicit Appraiser(const Service& service) : service_(service) {}

  // nonce gives a challenge with the session that it is of (ward.nonce/1). It writes nothing.
  [[nodiscard]] Answer<std::string> nonce(UnixTime now) const;

  // appraise judges evidence and writes what came of it (ward.appraised/1), whether it is accepted
  // or not. A session is good for one piece of evidence, as at /attest. Archived and in the ledger
  // before the answer exists, both or neither; singly or in a count where strangers could repeat it
  // without end (refusal_record.h). Refused: a request that is not of this form, evidence that
  // cannot be read, a session that was used or is not ours, this service as audience, a service
  // without a policy for evidence.
  [[nodiscard]] Answer<std::string> appraise(Bytes body, UnixTime now) const;

 private:
  const Service& service_;
};

}  // namespace ward::broker
