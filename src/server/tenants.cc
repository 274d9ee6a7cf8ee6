#include "server/tenants.h"

#include <optional>
#include <utility>

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

// in_words_of writes a refusal as the path's protocol has it.
HttpResponse in_words_of(std::string_view path, const broker::Refusal& refusal) {
  return path.starts_with(kKbs) ? kbs_response(refusal) : to_response(refusal);
}

}  // namespace

Result<std::shared_ptr<const ServedTenant>> Tenants::served(const Tenant& tenant) const {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = kept_.find(tenant.id);
    if (found != kept_.end() && found->second.version == tenant.version) {
      return found->second.served;
    }
  }
  WARD_TRY(auto made, maker_.make(tenant));
  Kept kept{.version = tenant.version, .served = std::move(made)};
  const std::lock_guard<std::mutex> lock(mutex_);
  Kept& there = kept_[tenant.id];
  if (there.version < kept.version) there = kept;  // another request may have been faster
  return kept.served;
}

HttpResponse Tenants::answer(const HttpRequest& request, std::string_view id,
                             std::string_view rest) const {
  const auto read = find(id);
  if (!read) return in_words_of(rest, broker::unavailable(read.error()));
  const std::optional<Tenant>& tenant = *read;
  const bool active = tenant && tenant->state == TenantState::kActive;
  if (!active) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = kept_.find(id); found != kept_.end()) kept_.erase(found);
  }
  if (!tenant || tenant->state == TenantState::kRemoved)
    return own_.answer(request);  // there is nothing
  if (!active) return in_words_of(rest, broker::refuse(403, kType, CheckId::kTenantActive));
  const auto found = served(*tenant);
  if (!found) return in_words_of(rest, broker::unavailable(found.error()));
  HttpRequest inner = request;
  inner.target = std::string(rest);
  return (*found)->answer(inner);
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
