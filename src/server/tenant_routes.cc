#include "server/tenant_routes.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "codec/json_write.h"
#include "server/person_json.h"
#include "server/responses.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;
using broker::Tenant;
using codec::JsonValue;
using codec::JsonWriter;
using protocol::HttpResponse;

constexpr std::string_view kType = "TenantError";
constexpr std::string_view kTenants = "tenants";
constexpr std::string_view kTenant = "tenants/";
constexpr codec::JsonLimits kLimits{.max_bytes = 64U << 10U, .max_depth = 4};

// Asked is what a body says: of a new tenant, or of one that is to be another.
struct Asked {
  std::optional<std::string> id;
  broker::TenantChange change;
};

broker::Refusal wrong(Bytes text, const JsonValue& at, std::string_view name,
                      std::string_view expected) {
  return broker::refuse_document(kType, CheckId::kMessageForm,
                                 diag_at(text, at.begin(), name, expected));
}

// read_quotas takes {"leases": 100, ...}.
Answer<std::vector<std::pair<std::string, std::uint64_t>>> read_quotas(Bytes text,
                                                                       const JsonValue& object) {
  std::vector<std::pair<std::string, std::uint64_t>> out;
  if (!object.is_object()) return wrong(text, object, "quotas", "an object");
  broker::Quotas tried;
  for (const auto& [name, value] : object.members()) {
    const auto number = value.as_uint();
    if (!number || !broker::set_quota(tried, name, *number)) {
      return wrong(text, value, "quotas." + name,
                   "the name of a quota, and a number no greater than its default");
    }
    out.emplace_back(name, *number);
  }
  return out;
}

Answer<Asked> read(Bytes text) {
  const auto json = codec::parse_json(text, kLimits);
  if (!json) return broker::refuse_document(kType, CheckId::kMessageForm, json.error());
  if (!json->is_object()) return wrong(text, *json, "", "an object");
  Asked out;
  for (const auto& [name, value] : json->members()) {
    if (name == "id" && value.as_string()) {
      out.id = std::string(*value.as_string());
    } else if (name == "suspended" && value.as_bool()) {
      out.change.suspended = value.as_bool();
    } else if (name == "quotas") {
      WARD_TRY(out.change.quotas, read_quotas(text, value));
    } else if (name == "administrator") {
      WARD_TRY(out.change.administrator, read_person(text, value, kType));
    } else {
      return wrong(text, value, name, "id, suspended, quotas or administrator, of their form");
    }
  }
  return out;
}

// write_tenant writes one into the object that is open.
void write_tenant(JsonWriter& w, const Tenant& tenant) {
  w.member("id", tenant.id).member("state", to_text(tenant.state));
  w.member("created", format_rfc3339(tenant.created)).name("quotas").begin_object();
  for (const broker::QuotaInfo& quota : broker::kQuotas) {
    w.member(quota.name, tenant.quotas.*quota.member);
  }
  w.end_object();
}

HttpResponse tenant_response(const Answer<Tenant>& tenant) {
  if (!tenant) return to_response(tenant.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.tenant/1");
  write_tenant(w, *tenant);
  w.end_object();
  return json_response(w);
}

}  // namespace

bool TenantRoutes::takes(std::string_view path) {
  return path == kTenants || path.starts_with(kTenant);
}

HttpResponse TenantRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  const std::string& method = asked.request.method;
  if (path == kTenants) return method == "GET" ? list(asked) : add(asked);
  const std::string_view id = path.substr(kTenant.size());
  if (method == "GET") return tenant_response(tenants_.show(asked.actor, id, asked.now));
  if (method == "POST") return set(asked, id);
  const auto done = tenants_.remove(asked.actor, id, asked.now);
  return done ? ok() : to_response(done.error());
}

HttpResponse TenantRoutes::list(const OwnRequest& asked) const {
  const auto page = asked.query.page();
  if (!page) return to_response(page.error());
  const auto all = tenants_.list(asked.actor, {page->after, page->limit}, asked.now);
  if (!all) return to_response(all.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.tenants/1").name(kTenants).begin_array();
  for (const Tenant& one : *all) {
    w.begin_object();
    write_tenant(w, one);
    w.end_object();
  }
  w.end_array().member("next", all->size() == page->limit ? all->back().id : "").end_object();
  return json_response(w);
}

HttpResponse TenantRoutes::add(const OwnRequest& asked) const {
  auto body = read(asked.request.body);
  if (!body) return to_response(body.error());
  if (!body->id || !body->change.administrator || body->change.suspended) {
    return to_response(broker::refuse(400, kType, CheckId::kMessageForm,
                                      "A new tenant has an id and an administrator."));
  }
  const auto means = check_means(body->change.administrator->proof, means_, *body->id);
  if (!means) return to_response(means.error());
  broker::Quotas quotas;
  for (const auto& [name, value] : body->change.quotas) {
    (void)broker::set_quota(quotas, name, value);  // read() has tried
  }
  return tenant_response(tenants_.add(
      asked.actor,
      {.id = *body->id, .quotas = quotas, .administrator = *std::move(body->change.administrator)},
      asked.now));
}

HttpResponse TenantRoutes::set(const OwnRequest& asked, std::string_view id) const {
  const auto body = read(asked.request.body);
  if (!body) return to_response(body.error());
  if (body->id) {
    return to_response(
        broker::refuse(400, kType, CheckId::kMessageForm, "A tenant's id stays what it is."));
  }
  if (body->change.administrator) {
    const auto means = check_means(body->change.administrator->proof, means_, id);
    if (!means) return to_response(means.error());
  }
  return tenant_response(tenants_.set(asked.actor, id, body->change, asked.now));
}

}  // namespace ward::server
