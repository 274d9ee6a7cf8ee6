#include "apps/wardd/deliveries.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <vector>

#include "apps/wardd/turns.h"
#include "broker/expiry.h"
#include "broker/tenant.h"
#include "ledger/ledger.h"

namespace ward::wardd {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{500};
constexpr std::int64_t kTenantPause_s = 5;
constexpr std::size_t kReplicaOctets = 8;

std::string reason(const Result<unsigned>& status) {
  if (!status && status.error().code() == Errc::kDenied) {
    return "it leads to an address that webhooks do not go to; to a private one, or this machine, "
           "those of the default tenant go with webhook_private_addresses";
  }
  if (!status) return status.error().what();
  return "the receiver answered with status " + std::to_string(*status);
}

// active_tenants are those that are served, but for the default one.
Result<std::vector<broker::Tenant>> active_tenants(const broker::Service& service) {
  std::vector<broker::Tenant> out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto rows, view.list_keys(broker::kTenantTable, "", "", broker::kMaxTenants));
    for (const store::ListedKey& row : rows) {
      WARD_TRY(auto tenant, broker::find_tenant(view, service.keys, row.key));
      if (tenant && tenant->state == broker::TenantState::kActive) {
        out.push_back(*std::move(tenant));
      }
    }
    return {};
  }));
  return out;
}

// newest_entry is the time of a ledger's newest entry; nullopt where it has none.
Result<std::optional<UnixTime>> newest_entry(store::Store& store) {
  std::optional<UnixTime> out;
  WARD_CHECK_OK(store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(view));
    if (head.size > 0) out = head.newest;
    return {};
  }));
  return out;
}

static_assert(broker::kMaxTenants <= store::kMaxListed);

}  // namespace

Deliveries::Deliveries(const broker::Service& service, const server::TenantMaker& tenants,
                       const DeliveryOptions& options, const Clock& clock, server::Log log)
    : service_(service),
      tenants_(tenants),
      options_(options),
      clock_(clock),
      log_(std::move(log)),
      replica_(to_hex(crypto::random_array<kReplicaOctets>(service.rng))),
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
         "# HELP ward_ends_total Ends of resources, reference values and leases, as recorded.\n"
         "# TYPE ward_ends_total counter\n" +
         line("ward_ends_total", ended_) +
         "# HELP ward_event_faults_total Times that the store did not let events be looked after.\n"
         "# TYPE ward_event_faults_total counter\n" +
         line("ward_event_faults_total", faults_);
}

void Deliveries::run(const std::stop_token& stop) {
  places_[""] = std::make_shared<Place>("", 0, service_, replica_);
  while (!stop.stop_requested()) {
    const UnixTime now = clock_.now();
    if (now.seconds - looked_.seconds >= kTenantPause_s || now < looked_) {
      looked_ = now;
      look_for_tenants();
    }
    running_.remove_if([](const Running& one) { return one.done.load(); });
    look_at_all(stop);
    std::unique_lock<std::mutex> lock(mutex_);
    (void)wake_.wait_for(lock, stop, kPause, [] { return false; });
  }
  for (Running& one : running_) {
    one.abort.abort();  // first: it says that what fails now was ended
    one.thread.request_stop();
  }
  running_.clear();
}

void Deliveries::look_at_all(const std::stop_token& stop) {
  const bool ends = believes_clock();
  std::vector<std::string> tenants;
  for (const auto& [tenant, place] : places_) {
    tenants.push_back(tenant);
  }
  for (const std::string& tenant : in_turn(std::move(tenants), last_)) {
    if (stop.stop_requested()) break;
    const std::shared_ptr<Place>& place = places_.at(tenant);
    if (ends) record_ends(*place);
    look(place);
  }
}

void Deliveries::look_for_tenants() {
  const auto tenants = active_tenants(service_);
  if (!tenants) return fault("tenants.failed", tenants.error());
  std::map<std::string, std::shared_ptr<Place>> now{{"", places_.at("")}};
  for (const broker::Tenant& tenant : *tenants) {
    const auto before = places_.find(tenant.id);
    if (before != places_.end() && before->second->version == tenant.version) {
      now.insert(*before);
      continue;
    }
    auto place = place_of(tenant);
    if (!place) {
      fault("tenants.failed", place.error());
      continue;
    }
    now.emplace(tenant.id, *std::move(place));
  }
  places_ = std::move(now);
}

Result<std::shared_ptr<Deliveries::Place>> Deliveries::place_of(
    const broker::Tenant& tenant) const {
  WARD_TRY(auto served, tenants_.make(tenant));
  auto out = std::make_shared<Place>(tenant.id, tenant.version, served->service(), replica_);
  out->served = std::move(served);
  return out;
}

void Deliveries::fault(const char* event, const Error& error) {
  if (broker::ended_with_tenant(error)) {  // no fault: which tenants there are is looked up anew
    looked_ = {};
    return;
  }
  ++faults_;
  log_(event, {{"reason", error.what()}});
}

bool Deliveries::believes_clock() {
  const bool before =
      std::exchange(believed_, end_clock_.believes(clock_.now(), Steady::now(), [this] {
        std::optional<UnixTime> newest;
        for (const auto& [tenant, place] : places_) {
          const auto head = newest_entry(place->service.store);
          if (head) {
            newest = std::max(newest, *head);
          } else {  // what is not known is not believed: as long ago as can be
            fault("ends.failed", head.error());
            newest = std::max(newest, std::optional(UnixTime{}));
          }
        }
        return newest;
      }));
  if (before && !believed_) {
    log_("ends.waiting",
         {{"what",
           "the clock is far ahead of the ledger's newest entry: no end is written until a "
           "request has written an entry; set the clock right if it is wrong"}});
  }
  return believed_;
}

void Deliveries::record_ends(Place& place) {
  const UnixTime now = clock_.now();
  if (!place.noted) {
    const auto noted = broker::note_all_ends(place.service, now);
    place.noted = noted.has_value();
    if (!noted) return fault("ends.failed", noted.error());
  }
  const auto ended = broker::record_ends(place.service, now);
  if (!ended) return fault("ends.failed", ended.error());
  ended_ += *ended;
}

void Deliveries::look(const std::shared_ptr<Place>& place) {
  auto due = place->outbox.due(clock_.now());
  if (!due) return fault("webhooks.failed", due.error());
  std::size_t of_this = 0;
  for (const Running& one : running_) {
    if (one.place->tenant != place->tenant) continue;
    ++of_this;
    std::erase(*due, one.id);
  }
  for (const std::string& id : in_turn(*std::move(due), place->last)) {
    if (running_.size() >= kMaxDeliveries || of_this >= kMaxDeliveriesOfOne) return;
    if (!begin(place, id)) return;
    ++of_this;
    place->last = id;
    last_ = place->tenant;
  }
}

bool Deliveries::begin(const std::shared_ptr<Place>& place, const std::string& id) {
  Running& one = running_.emplace_back(place, id);
  try {
    one.thread = std::jthread([this, &one](const std::stop_token& stop) {
      deliver(one, stop);
      one.done = true;
    });
  } catch (const std::system_error&) {
    running_.pop_back();
    fault("webhooks.failed", Error(Errc::kUnavailable, "wardd: no thread to deliver with"));
    return false;
  }
  return true;
}

void Deliveries::deliver(Running& running, const std::stop_token& stop) {
  const broker::Outbox& outbox = running.place->outbox;
  const auto end = Steady::now() + kOneGo;
  const auto webhook = outbox.claim(running.id, clock_.now());
  if (!webhook) return fault("webhooks.failed", webhook.error());
  if (!*webhook) return;
  for (int i = 0; i < kInOneGo && Steady::now() < end && !stop.stop_requested(); ++i) {
    const auto event = outbox.next(**webhook, clock_.now());
    if (!event) return;
    if (!*event) break;
    if (!attempt(running, **webhook, **event)) return;
  }
  (void)outbox.release(running.id);
}

bool Deliveries::attempt(Running& running, const broker::Webhook& webhook,
                         const broker::Event& event) {
  const Place& place = *running.place;
  // What is private here is the operator's: no other tenant is let there.
  const SenderOptions options{
      .key = options_.key,
      .service = place.service.options.name,
      .lookups = running.place->lookups,
      .private_addresses = options_.private_addresses && place.tenant.empty()};
  const auto status = send_webhook(options, webhook, event, clock_.now(), running.abort);
  const UnixTime now = clock_.now();
  if (status && *status >= 200 && *status < 300) {
    ++delivered_;
    return place.outbox.delivered(running.id, event.index, now).has_value();
  }
  if (running.abort.token().stop_requested()) {  // by us: no fault of the receiver's
    (void)place.outbox.release(running.id);
    return false;
  }
  ++failed_;
  log_("webhook.failed",
       {{"tenant", place.tenant}, {"webhook", running.id}, {"reason", reason(status)}});
  (void)place.outbox.failed(running.id, reason(status), now);
  return false;
}

}  // namespace ward::wardd
