#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "crypto/digest.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "keep/agent.h"
#include "keep/broker_session.h"
#include "keep/fd.h"
#include "keep/lease_book.h"
#include "keep/workload.h"

// A keep's keys that were released for a time: while its workload runs, it attests again and asks
// for them again before they end, and its workload ends where that is refused, or too late.
namespace ward::keep {

// Renewal is the warrant of a workload. released() is called while the inputs are opened, start()
// before the workload, stop() behind it; the rest is safe from several threads. It keeps no key:
// a digest under a random key of its own tells whether the broker's is still the same.
class Renewal final : public Warrant {
 public:
  // `parts` and `key` are borrowed. `clock` is boottime_ms of keep/deadline.h.
  Renewal(const AgentParts& parts, const crypto::PrivateKey& key,
          std::function<std::int64_t()> clock);
  ~Renewal() override;

  // released notes a key of the manifest's input `index` that was asked for at `began_ms`. What the
  // manifest wants of leases decides: the failure is the run's end.
  [[nodiscard]] std::optional<Trouble> released(std::size_t index, const ReleasedKey& key,
                                                std::int64_t began_ms);

  // ended is why no use may be made of the keys any more: kLeaseRefused, kLeaseExpired; nullopt
  // while they may be used.
  [[nodiscard]] std::optional<Trouble> ended();

  // start begins to renew, on a thread of its own, which alone uses the agent's world from then on.
  // kInternal: the kernel gives no descriptor. Nothing is begun where no key has a lease.
  [[nodiscard]] Result<void> start();

  // bounds is true where a key has a lease, so that the workload needs a warrant.
  [[nodiscard]] bool bounds();

  // stop ends the thread, and what it waits for of the broker.
  void stop();

  // count is how often a key was renewed.
  [[nodiscard]] std::uint32_t count();

  [[nodiscard]] Term term() override;
  [[nodiscard]] bool close() override;

  [[nodiscard]] int changed_fd() const override { return changed_.get(); }

  void set_timer(std::int64_t at_ms) override;

  [[nodiscard]] int timer_fd() const override { return timer_.get(); }

  [[nodiscard]] std::int64_t now_ms() const override { return clock_(); }

 private:
  void run();
  [[nodiscard]] bool wait();
  void attempt();
  [[nodiscard]] std::optional<Trouble> renew(const std::vector<std::size_t>& due);
  [[nodiscard]] std::optional<Trouble> note(std::size_t index, const ReleasedKey& key,
                                            std::int64_t began_ms);
  void settle(const std::optional<Trouble>& trouble, const std::vector<std::size_t>& due);
  [[nodiscard]] std::uint8_t jitter();
  [[nodiscard]] const std::string& resource(std::size_t index) const;

  const AgentParts& parts_;
  const crypto::PrivateKey& key_;
  const BrokerEntry& broker_;
  std::function<std::int64_t()> clock_;
  SecretBytes digest_key_;
  std::vector<Buffer> digests_;  // of each input's key; the thread's, while it runs
  UniqueFd changed_;
  UniqueFd timer_;
  UniqueFd wake_;
  std::thread thread_;

  std::mutex mutex_;  // of all below
  LeaseBook book_;
  std::optional<Trouble> refused_;  // why the workload ends
  std::int64_t refused_ms_ = 0;
  std::string missed_;   // why the last attempt came to nothing
  bool closed_ = false;  // nothing is renewed any more
  bool deaf_ = false;    // the device did not answer in time: its stream is out of step
  bool stop_ = false;
  std::uint32_t count_ = 0;
};

}  // namespace ward::keep
