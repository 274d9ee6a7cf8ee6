#include "apps/wardd/deliveries.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "broker/expiry.h"

namespace ward::wardd {
namespace {

constexpr std::chrono::milliseconds kPause{500};
constexpr std::size_t kReplicaOctets = 8;

// So many events go out before a webhook's thread ends, and another looks again.
constexpr int kInOneGo = 100;

std::string reason(const Result<unsigned>& status) {
  if (!status) return status.error().what();
  return "the receiver answered with status " + std::to_string(*status);
}

}  // namespace

Deliveries::Deliveries(const broker::Service& service, SenderOptions sender, const Clock& clock,
                       server::Log log)
    : service_(service),
      sender_(std::move(sender)),
      clock_(clock),
      log_(std::move(log)),
      outbox_(service, to_hex(crypto::random_array<kReplicaOctets>(service.rng))),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

Deliveries::~Deliveries() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

std::string Deliveries::metrics() const {
  const auto line = [](const char* name, const std::atomic<std::uint64_t>& count) {
    return std::string(name) + " " + std::to_string(count.load(std::memory_order_relaxed)) + "\n";
  };
  return "# HELP ward_webhook_attempts_total Attempts to deliver an event, by outcome.\n"
         "# TYPE ward_webhook_attempts_total counter\n" +
         line("ward_webhook_attempts_total{outcome=\"delivered\"}", delivered_) +
         line("ward_webhook_attempts_total{outcome=\"failed\"}", failed_) +
         "# HELP ward_ends_total Ends of resources, reference values and leases that were "
         "recorded.\n"
         "# TYPE ward_ends_total counter\n" +
         line("ward_ends_total", ended_) +
         "# HELP ward_event_faults_total Times that the store did not let events be looked after.\n"
         "# TYPE ward_event_faults_total counter\n" +
         line("ward_event_faults_total", faults_);
}

void Deliveries::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    record_ends();
    look(stop);
    std::unique_lock<std::mutex> lock(mutex_);
    (void)wake_.wait_for(lock, stop, kPause, [] { return false; });
  }
  for (Running& one : running_) {
    one.thread.request_stop();
    one.abort.abort();
  }
  running_.clear();
}

void Deliveries::record_ends() {
  const UnixTime now = clock_.now();
  if (!noted_) {
    const auto noted = broker::note_all_ends(service_, now);
    noted_ = noted.has_value();
    if (!noted_) ++faults_;
  }
  const auto ended = broker::record_ends(service_, now);
  if (!ended) {
    ++faults_;
    log_("ends.failed", {{"reason", ended.error().what()}});
    return;
  }
  ended_ += *ended;
}

void Deliveries::look(const std::stop_token& stop) {
  running_.remove_if([](const Running& one) { return one.done.load(); });
  const auto due = outbox_.due(clock_.now());
  if (!due) {
    ++faults_;
    log_("webhooks.failed", {{"reason", due.error().what()}});
    return;
  }
  for (const std::string& id : *due) {
    const bool at_work =
        std::ranges::any_of(running_, [&](const Running& one) { return one.id == id; });
    if (at_work || stop.stop_requested()) continue;
    Running& one = running_.emplace_back(id);
    one.thread = std::jthread([this, &one](const std::stop_token& end) {
      deliver(one, end);
      one.done = true;
    });
  }
}

void Deliveries::deliver(Running& running, const std::stop_token& stop) {
  const auto webhook = outbox_.claim(running.id, clock_.now());
  if (!webhook || !*webhook) return;
  for (int i = 0; i < kInOneGo && !stop.stop_requested(); ++i) {
    const auto event = outbox_.next(**webhook, clock_.now());
    if (!event) return;
    if (!*event) break;
    if (!attempt(running, **webhook, **event)) return;
  }
  (void)outbox_.release(running.id);
}

bool Deliveries::attempt(Running& running, const broker::Webhook& webhook,
                         const broker::Event& event) {
  const auto status = send_webhook(sender_, webhook, event, clock_.now(), running.abort);
  const UnixTime now = clock_.now();
  if (status && *status >= 200 && *status < 300) {
    ++delivered_;
    return outbox_.delivered(running.id, event.index, now).has_value();
  }
  ++failed_;
  log_("webhook.failed", {{"webhook", running.id}, {"reason", reason(status)}});
  (void)outbox_.failed(running.id, reason(status), now);
  return false;
}

}  // namespace ward::wardd
