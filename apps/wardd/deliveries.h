#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "apps/wardd/end_clock.h"
#include "apps/wardd/webhook_sender.h"
#include "base/time.h"
#include "broker/broker.h"
#include "broker/webhooks.h"
#include "net/lookup.h"
#include "server/log.h"
#include "server/tenants.h"

namespace ward::wardd {

// At most so many webhooks are delivered to at the same time, and of one tenant: slow receivers
// take their own tenant's places.
inline constexpr std::size_t kMaxDeliveries = 64;
inline constexpr std::size_t kMaxDeliveriesOfOne = 8;

// One webhook keeps its place for so long, beside the attempt that is under way then; and for so
// many events. Then it is the next one's turn.
inline constexpr std::chrono::seconds kOneGo{10};
inline constexpr int kInOneGo = 100;

// DeliveryOptions are what all webhooks share; borrowed.
struct DeliveryOptions {
  const crypto::PrivateKey& key;   // SenderOptions::key
  bool private_addresses = false;  // of the default tenant's
};

// Deliveries does what a service does beside its requests, for every tenant: it writes the leaves
// of what has ended (broker/expiry.h) and delivers events to webhooks. One thread looks twice a
// second what there is to do; each webhook that has something before it gets a thread of its own,
// so that none waits for another's receiver. Where there are more than may be at work, tenants and
// each one's webhooks take turns. Of several replicas one delivers to a webhook at a time.
class Deliveries {
 public:
  // `service` is the default tenant's, `tenants` makes those of the others. All is borrowed.
  Deliveries(const broker::Service& service, const server::TenantMaker& tenants,
             const DeliveryOptions& options, const Clock& clock, server::Log log);
  Deliveries(const Deliveries&) = delete;
  Deliveries& operator=(const Deliveries&) = delete;

  // The destructor ends attempts that are under way: they are made again after the next start.
  ~Deliveries();

  // metrics is the Prometheus text format, over all tenants.
  [[nodiscard]] std::string metrics() const;

 private:
  // Place is one tenant's service.
  struct Place {
    Place(std::string id, std::uint64_t row_version, const broker::Service& its_service,
          std::string replica)
        : tenant(std::move(id)),
          version(row_version),
          service(its_service),
          outbox(its_service, std::move(replica)),
          lookups(kMaxDeliveriesOfOne) {}

    std::string tenant;         // empty: the default one
    std::uint64_t version = 0;  // of its row
    std::unique_ptr<server::ServedTenant> served;
    const broker::Service& service;
    broker::Outbox outbox;
    net::Lookups lookups;  // of its receivers' names
    std::string last;      // the webhook that began last
    bool noted = false;    // note_all_ends was done
  };

  // Running is one webhook's thread. Its place is shared: what is at work keeps the service that it
  // began with, though the tenant was changed or is gone.
  struct Running {
    Running(std::shared_ptr<Place> its_place, std::string webhook)
        : place(std::move(its_place)), id(std::move(webhook)) {}

    std::shared_ptr<Place> place;
    std::string id;
    Abort abort;
    std::atomic<bool> done{false};
    std::jthread thread;
  };

  void run(const std::stop_token& stop);
  void look_for_tenants();
  [[nodiscard]] Result<std::shared_ptr<Place>> place_of(const broker::Tenant& tenant) const;
  // believes_clock is true where ends may be told by the clock.
  [[nodiscard]] bool believes_clock();
  void record_ends(Place& place);
  void look_at_all(const std::stop_token& stop);
  void look(const std::shared_ptr<Place>& place);
  // begin gives a webhook a thread. False where there is none to have.
  bool begin(const std::shared_ptr<Place>& place, const std::string& id);
  void deliver(Running& running, const std::stop_token& stop);
  bool attempt(Running& running, const broker::Webhook& webhook, const broker::Event& event);
  void fault(const char* event, const Error& error);

  const broker::Service& service_;
  const server::TenantMaker& tenants_;
  DeliveryOptions options_;
  const Clock& clock_;
  server::Log log_;
  std::string replica_;
  std::atomic<std::uint64_t> delivered_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> ended_{0};
  std::atomic<std::uint64_t> faults_{0};
  // Of the looking thread alone: by tenant, and those at work.
  std::map<std::string, std::shared_ptr<Place>> places_;
  std::list<Running> running_;
  std::string last_;  // the tenant whose webhook began last
  UnixTime looked_;
  EndClock end_clock_;
  bool believed_ = true;  // what it said last
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;  // last: it ends before what it uses
};

}  // namespace ward::wardd
