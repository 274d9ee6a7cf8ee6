#pragma once

#include "base/time.h"
#include "crypto/rng.h"
#include "keep/agent.h"

namespace ward::keep {

// AgentWorld is what ward-keep takes from its process; tests bring their own. All is borrowed.
struct AgentWorld {
  crypto::Rng* rng = nullptr;
  const Clock* clock = nullptr;
  SealedFiles* files = nullptr;
  int release_limit_ms = kReleaseLimitMs;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] UnixTime now() const override;
};

// agent_main is the first process of a keep, with the descriptors of keep/keep_init.h: it checks
// its isolation, does the agent's work and reports. Returns the exit status: 0 done, 1 another
// ending, 2 where not even the report could be written.
[[nodiscard]] int agent_main(const AgentWorld& world);

}  // namespace ward::keep
