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
  std::optional<Tenant> tenant;
  const auto read = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(tenant, broker::find_tenant(view, service_.keys, id));
    return {};
  });
  if (!read) return in_words_of(rest, broker::unavailable(read.error()));
  const bool active = tenant && tenant->state == TenantState::kActive;
  if (!active) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = kept_.find(id); found != kept_.end()) kept_.erase(found);
  }
  if (!tenant || tenant->state == TenantState::kRemoved) return own_(request);  // there is nothing
  if (!active) return in_words_of(rest, broker::refuse(403, kType, CheckId::kTenantActive));
  const auto found = served(*tenant);
  if (!found) return in_words_of(rest, broker::unavailable(found.error()));
  HttpRequest inner = request;
  inner.target = std::string(rest);
  return (*found)->answer(inner);
}

HttpResponse Tenants::answer(const HttpRequest& request) const {
  const std::string_view target = request.target;
  if (!target.starts_with(kTenant)) return own_(request);
  const std::string_view behind = target.substr(kTenant.size());
  const auto slash = behind.find('/');
  if (slash == std::string_view::npos || !broker::is_tenant_id(behind.substr(0, slash))) {
    return own_(request);
  }
  return answer(request, behind.substr(0, slash), behind.substr(slash));
}

}  // namespace ward::server
