#include "server/resource_routes.h"

#include <initializer_list>
#include <limits>
#include <optional>
#include <utility>

#include "codec/json_write.h"
#include "protocol/kbs/lease.h"
#include "server/query.h"
#include "server/responses.h"
#include "server/version_condition.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::Refusal;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kType = "ResourceError";
constexpr std::string_view kResource = "resource/";
constexpr std::string_view kVersions = "versions/";
constexpr std::string_view kLease = "leases/";
constexpr std::string_view kRevocation = "revocations/";

// only is the refusal of a parameter that the route takes of another method alone.
std::optional<Refusal> only(const Query& query, std::initializer_list<std::string_view> others) {
  for (const std::string_view name : others) {
    if (query.find(name)) return wrong_parameter(name, "not with this method");
  }
  return std::nullopt;
}

// options_of reads on what terms a version is written.
Answer<broker::PutOptions> options_of(const OwnRequest& asked) {
  if (auto wrong = only(asked.query, {"version"})) return *std::move(wrong);
  broker::PutOptions out;
  WARD_TRY(out.if_version, version_condition(asked.request, kType));
  if (const auto text = asked.query.find("expires")) {
    const auto time = parse_rfc3339(*text);
    if ((!time && *text != "never") || (time && time->seconds < 0)) {
      return wrong_parameter("expires",
                             "a time of 1970 or later, as 2026-11-30T00:00:00Z, or never");
    }
    out.expires = time;
  }
  if (const auto text = asked.query.find("lease_s")) {
    out.lease_s = std::optional<std::int64_t>();
    if (*text == "none") return out;
    WARD_TRY(const auto number, asked.query.number("lease_s", 1, broker::kMaxLease_s));
    if (number) out.lease_s = static_cast<std::int64_t>(*number);
  }
  return out;
}

void write_time(JsonWriter& w, std::string_view name, const std::optional<UnixTime>& time) {
  w.member(name, time ? std::optional(format_rfc3339(*time)) : std::nullopt);
}

void write_terms(JsonWriter& w, const broker::Terms& terms, UnixTime now) {
  write_time(w, "expires", terms.expires);
  w.member("expired", broker::expired(terms, now)).name("lease_s");
  if (terms.lease_s) {
    w.integer(*terms.lease_s);
  } else {
    w.null();
  }
}

void write_revocation(JsonWriter& w, const broker::Revocation& one) {
  w.begin_object().member("id", one.id).member("resource", one.resource);
  w.member("workload", one.workload).member("lease", one.lease).member("by", one.by);
  w.member("time", format_rfc3339(one.time)).end_object();
}

}  // namespace

bool ResourceRoutes::takes(std::string_view path) {
  return path == "resources" || path == "leases" || path == "revocations" ||
         path.starts_with(kResource) || path.starts_with(kVersions) || path.starts_with(kLease) ||
         path.starts_with(kRevocation);
}

HttpResponse ResourceRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  if (path.starts_with(kResource)) return resource(asked, path.substr(kResource.size()));
  const bool lease = path.starts_with(kLease);
  if (lease || path.starts_with(kRevocation)) {
    if (asked.request.method != "DELETE") return wrong_method();
    if (!lease) {
      const auto lifted = leases_.lift(asked.actor, path.substr(kRevocation.size()), asked.now);
      return lifted ? ok() : to_response(lifted.error());
    }
    const auto revoked = leases_.revoke(asked.actor, path.substr(kLease.size()), asked.now);
    if (!revoked) return to_response(revoked.error());
    JsonWriter w;
    write_revocation(w, *revoked);
    return json_response(w);
  }
  if (asked.request.method != "GET") return wrong_method();
  if (path.starts_with(kVersions)) return versions(asked, path.substr(kVersions.size()));
  const auto page = asked.query.page();
  if (!page) return to_response(page.error());
  if (path == "resources") return resources(asked, *page);
  return path == "leases" ? leases(asked, *page) : revocations(asked, *page);
}

HttpResponse ResourceRoutes::resources(const OwnRequest& asked, const Page& page) const {
  const auto list = admin_.list_resources(asked.actor, {page.after, page.limit});
  if (!list) return to_response(list.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.resources/1").name("resources").begin_array();
  for (const broker::ResourceInfo& one : list->resources) {
    w.begin_object().member("path", one.path).member("version", one.version);
    w.member("releases", one.releases);
    write_time(w, "written", one.written);
    write_terms(w, one.terms, asked.now);
    w.member("rotate", one.rotate).end_object();
  }
  w.end_array().member("next", list->next).end_object();
  return json_response(w);
}

HttpResponse ResourceRoutes::resource(const OwnRequest& asked, std::string_view path) const {
  const std::string_view method = asked.request.method;
  if (method == "GET") return get(asked, path);
  if (method == "PUT") return put(asked, path);
  if (method != "DELETE") return wrong_method();
  if (const auto wrong = only(asked.query, {"version", "expires", "lease_s"})) {
    return to_response(*wrong);
  }
  const auto named = version_condition(asked.request, kType);
  if (!named) return to_response(named.error());
  const auto deleted = admin_.delete_resource(asked.actor, path, asked.now, *named);
  return deleted ? ok() : to_response(deleted.error());
}

HttpResponse ResourceRoutes::get(const OwnRequest& asked, std::string_view path) const {
  if (const auto wrong = only(asked.query, {"expires", "lease_s"})) return to_response(*wrong);
  const auto version = asked.query.number("version", 0, std::numeric_limits<std::uint64_t>::max());
  if (!version) return to_response(version.error());
  const auto held = admin_.get_resource(asked.actor, path, asked.now, *version);
  if (!held) return to_response(held.error());
  HttpResponse out = typed("application/octet-stream", held->value.expose());
  out.headers.emplace_back("ETag", version_tag(held->version));
  return out;
}

HttpResponse ResourceRoutes::put(const OwnRequest& asked, std::string_view path) const {
  const auto options = options_of(asked);
  if (!options) return to_response(options.error());
  const auto version =
      admin_.put_resource(asked.actor, path, asked.request.body, asked.now, *options);
  HttpResponse out = version_response(version);
  if (version) out.headers.emplace_back("ETag", version_tag(*version));
  return out;
}

HttpResponse ResourceRoutes::versions(const OwnRequest& asked, std::string_view name) const {
  const auto list = admin_.list_versions(asked.actor, name, asked.now);
  if (!list) return to_response(list.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.versions/1").member("path", name);
  w.name("versions").begin_array();
  for (const broker::VersionInfo& one : *list) {
    w.begin_object().member("version", one.version);
    write_time(w, "written", one.written);
    write_terms(w, one.terms, asked.now);
    w.end_object();
  }
  w.end_array().end_object();
  return json_response(w);
}

HttpResponse ResourceRoutes::leases(const OwnRequest& asked, const Page& at) const {
  const auto page = leases_.list(asked.actor, at.after, at.limit, asked.now);
  if (!page) return to_response(page.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.leases/1").name("leases").begin_array();
  for (const broker::LeaseLine& line : page->lines) {
    w.begin_object().member("id", line.lease.id).member("resource", line.lease.resource);
    w.member("version", line.lease.version).member("workload", to_hex(line.lease.workload));
    w.member("until", format_rfc3339(line.lease.until)).member("revoked", line.revoked);
    w.end_object();
  }
  w.end_array().member("next", page->next).end_object();
  return json_response(w);
}

HttpResponse ResourceRoutes::revocations(const OwnRequest& asked, const Page& at) const {
  const auto page = leases_.revocations(asked.actor, at.after, at.limit);
  if (!page) return to_response(page.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.revocations/1").name("revocations").begin_array();
  for (const broker::Revocation& one : page->lines) {
    write_revocation(w, one);
  }
  w.end_array().member("next", page->next).end_object();
  return json_response(w);
}

std::string lease_header(const broker::Lease& lease, UnixTime now) {
  return protocol::kbs::write_lease(
      {.id = lease.id,
       .until = lease.until,
       .seconds = static_cast<std::uint32_t>(lease.until.seconds - now.seconds)});
}

}  // namespace ward::server
