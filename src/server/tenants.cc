#include "server/tenants.h"

#include <optional>
#include <utility>

#include "server/event_routes.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::CheckId;
using broker::Tenant;
using broker::TenantState;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kTenant = "/t/";
constexpr std::string_view kKbs = "/kbs/";
constexpr std::string_view kType = "TenantError";

// Place is a target of a tenant's; borrowed.
struct Place {
  std::string_view tenant;
  std::string_view rest;
};

// place_of is nullopt for what is the default tenant's.
std::optional<Place> place_of(std::string_view target) {
  if (!target.starts_with(kTenant)) return std::nullopt;
  const std::string_view behind = target.substr(kTenant.size());
  const auto slash = behind.find('/');
  if (slash == std::string_view::npos || !broker::is_tenant_id(behind.substr(0, slash))) {
    return std::nullopt;
  }
  return Place{behind.substr(0, slash), behind.substr(slash)};
}

// TenantSource keeps the service that its stream reads, and ends when the tenant is another.
class TenantSource final : public net::Source {
 public:
  TenantSource(std::shared_ptr<const ServedTenant> served, std::unique_ptr<net::Source> inner,
               std::function<bool()> same)
      : served_(std::move(served)), inner_(std::move(inner)), same_(std::move(same)) {}

  std::optional<Buffer> more() override {
    if (!same_()) return std::nullopt;
    return inner_->more();
  }

 private:
  std::shared_ptr<const ServedTenant> served_;  // outlives what reads it
  std::unique_ptr<net::Source> inner_;
  std::function<bool()> same_;
};

// CountedSource is one of the streams that are open.
class CountedSource final : public net::Source {
 public:
  // It takes over what was counted for it.
  CountedSource(std::unique_ptr<net::Source> inner, std::atomic<std::size_t>& count)
      : inner_(std::move(inner)), count_(count) {}

  CountedSource(const CountedSource&) = delete;
  CountedSource& operator=(const CountedSource&) = delete;

  ~CountedSource() override { --count_; }

  std::optional<Buffer> more() override { return inner_->more(); }

 private:
  std::unique_ptr<net::Source> inner_;
  std::atomic<std::size_t>& count_;
};

// in_words_of writes a refusal as the path's protocol has it.
HttpResponse in_words_of(std::string_view path, const broker::Refusal& refusal) {
  return path.starts_with(kKbs) ? kbs_response(refusal) : to_response(refusal);
}

}  // namespace

Result<std::shared_ptr<const ServedTenant>> Tenants::served(const Tenant& tenant) const {
  std::shared_ptr<Kept> kept;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::shared_ptr<Kept>& there = kept_[tenant.id];
    if (!there) there = std::make_shared<Kept>();
    kept = there;
  }
  const std::lock_guard<std::mutex> lock(kept->mutex);
  if (kept->served && kept->version >= tenant.version) return kept->served;
  WARD_TRY(auto made, maker_.make(tenant));
  kept->served = std::move(made);
  kept->version = tenant.version;
  return kept->served;
}

std::optional<HttpResponse> Tenants::unserved(const HttpRequest& request, std::string_view rest,
                                              const std::optional<Tenant>& tenant) const {
  if (tenant && tenant->state == TenantState::kActive) return std::nullopt;
  if (tenant) {
    const std::lock_guard<std::mutex> lock(mutex_);
    kept_.erase(tenant->id);
  }
  const bool suspended = tenant && tenant->state == TenantState::kSuspended;
  if (!suspended) return own_.answer(request);  // there is nothing
  return in_words_of(rest, broker::refuse(403, kType, CheckId::kTenantActive));
}

HttpResponse Tenants::answer(const HttpRequest& request, std::string_view id,
                             std::string_view rest) const {
  const auto read = find(id);
  if (!read) return in_words_of(rest, broker::unavailable(read.error()));
  if (auto reply = unserved(request, rest, *read)) return *std::move(reply);
  const auto found = served(**read);
  if (!found) return in_words_of(rest, broker::unavailable(found.error()));
  HttpRequest inner = request;
  inner.target = std::string(rest);
  HttpResponse reply = (*found)->answer(inner);
  if (reply.status != 503) return reply;
  // The tenant may have been suspended or removed meanwhile, and its part of the store shut.
  const auto now = find(id);
  auto instead = now ? unserved(request, rest, *now) : std::nullopt;
  return instead ? *std::move(instead) : reply;
}

Result<std::optional<Tenant>> Tenants::find(std::string_view id) const {
  std::optional<Tenant> out;
  WARD_CHECK_OK(service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, broker::find_tenant(view, service_.keys, id));
    return {};
  }));
  return out;
}

HttpResponse Tenants::answer(const HttpRequest& request) const {
  const auto place = place_of(request.target);
  return place ? answer(request, place->tenant, place->rest) : own_.answer(request);
}

std::optional<net::Stream> Tenants::stream(const HttpRequest& request) const {
  // Most requests are for something else: nothing is read for them here.
  const auto place = place_of(request.target);
  if (!EventRoutes::streams(request, place ? place->rest : request.target)) return std::nullopt;
  auto out = open(request);
  if (!out || !out->source) return out;
  if (++streams_ > kMaxStreamsOfAll) {
    --streams_;
    return net::Stream{
        to_response(broker::refuse(429, kType, CheckId::kEventRoom,
                                   "All tenants together have at most 128 streams.")),
        nullptr};
  }
  out->source = std::make_unique<CountedSource>(std::move(out->source), streams_);
  return out;
}

static_assert(kMaxStreamsOfAll == 128);

std::optional<net::Stream> Tenants::open(const HttpRequest& request) const {
  const auto place = place_of(request.target);
  if (!place) return own_.stream ? own_.stream(request) : std::nullopt;
  // Of a tenant that is not served, answer() says why.
  const auto tenant = find(place->tenant);
  if (!tenant || !*tenant || (*tenant)->state != TenantState::kActive) return std::nullopt;
  auto there = served(**tenant);
  if (!there) return std::nullopt;
  HttpRequest inner = request;
  inner.target = std::string(place->rest);
  auto out = (*there)->stream(inner);
  if (!out || !out->source) return out;
  const auto same = [this, id = (*tenant)->id, version = (*tenant)->version] {
    const auto now = find(id);
    return now && *now && (*now)->state == TenantState::kActive && (*now)->version == version;
  };
  out->source = std::make_unique<TenantSource>(*std::move(there), std::move(out->source), same);
  return out;
}

}  // namespace ward::server
