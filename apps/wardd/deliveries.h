#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "apps/wardd/webhook_sender.h"
#include "base/time.h"
#include "broker/broker.h"
#include "broker/webhooks.h"
#include "server/log.h"

namespace ward::wardd {

// Deliveries does what a service does beside its requests: it writes the leaves of what has ended
// (broker/expiry.h) and delivers events to webhooks. One thread looks twice a second what there is
// to do; each webhook that has something before it gets a thread of its own, at most kMaxWebhooks,
// so that none waits for another's receiver. Of several replicas one delivers to a webhook at a
// time.
class Deliveries {
 public:
  // Everything is borrowed and outlives it.
  Deliveries(const broker::Service& service, SenderOptions sender, const Clock& clock,
             server::Log log);
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // The destructor ends attempts that are under way: they are made again after the next start.
  ~Deliveries();

  // metrics is the Prometheus text format.
  [[nodiscard]] std::string metrics() const;

 private:
  // Running is one webhook's thread.
  struct Running {
    explicit Running(std::string name) : id(std::move(name)) {}

    std::string id;
    Abort abort;
    std::atomic<bool> done{false};
    std::jthread thread;
  };

  void run(const std::stop_token& stop);
  void look(const std::stop_token& stop);
  void record_ends();
  void deliver(Running& running, const std::stop_token& stop);
  bool attempt(Running& running, const broker::Webhook& webhook, const broker::Event& event);

  const broker::Service& service_;
  SenderOptions sender_;
  const Clock& clock_;
  server::Log log_;
  broker::Outbox outbox_;
  bool noted_ = false;  // note_all_ends was done
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> faults_{0};
  std::list<Running> running_;  // of the looking thread alone
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace ward::wardd
