#include "server/routes.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <utility>

#include "codec/json_write.h"
#include "crypto/digest.h"
#include "protocol/kbs/lease.h"
#include "server/introspect.h"
#include "server/openapi.h"
#include "server/query.h"
#include "server/responses.h"
#include "server/route_table.h"

namespace ward::server {
namespace {

using broker::CheckId;
using broker::Refusal;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kKbs = "/kbs/v0/";
constexpr std::string_view kOwn = "/v1/";
constexpr std::string_view kResource = "resource/";
constexpr std::string_view kIdempotency = "IdempotencyError";

// What may be kept for as long as a key that is published is not used yet. Who names what he has
// (If-None-Match, RFC 9110 section 13.1.2) is told that it is still so.
HttpResponse cacheable(const HttpRequest& request, std::string_view type, std::string_view body) {
  const std::string tag = "\"" + to_hex(crypto::sha256(as_bytes(body))).substr(0, 32) + "\"";
  const std::string_view known = request.header("If-None-Match").value_or("");
  HttpResponse out = typed(type, as_bytes(body));
  if (known == "*" || known.find(tag) != std::string_view::npos) {
    out = {.status = 304, .headers = {}, .body = {}};
  }
  out.headers.emplace_back("Cache-Control", "public, max-age=300");
  out.headers.emplace_back("ETag", tag);
  return out;
}

// session_of cuts kbs-session-id out of the Cookie header (RFC 6265 section 4.2).
std::optional<std::string_view> session_of(const HttpRequest& request) {
  auto rest = request.header("Cookie").value_or("");
  while (!rest.empty()) {
    const auto end = rest.find(';');
    std::string_view pair = rest.substr(0, end);
    while (pair.starts_with(' ')) {
      pair.remove_prefix(1);
    }
    constexpr std::string_view kName = "kbs-session-id=";
    if (pair.starts_with(kName)) return pair.substr(kName.size());
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return std::nullopt;
}

// of_resources is true for what a service without resources has not.
bool of_resources(std::string_view path) {
  return std::ranges::any_of(
      std::array<std::string_view, 6>{"/kbs/", "/v1/resource", "/v1/policy/results", "/v1/leases",
                                      "/v1/revocations", "/v1/versions"},
      [&](std::string_view prefix) { return path.starts_with(prefix); });
}

std::string set_cookie(std::string_view value, UnixTime expires) {
  return "kbs-session-id=" + std::string(value) + "; Expires=" + http_date(expires);
}

SignInMeans means_of(const RoutesConfig& config) {
  return {.providers = config.providers,
          .certificates = config.asks_certificates,
          .names = !config.client_ca.empty(),
          .names_tenants = config.client_ca_tenants};
}

}  // namespace

std::string discovery(const std::string& issuer, const std::vector<std::string>& algorithms) {
  JsonWriter w;
  w.begin_object().member("issuer", issuer);
  w.member("jwks_uri", issuer + "/.well-known/jwks.json");
  const auto list = [&w](std::string_view name, const std::vector<std::string>& texts) {
    w.name(name).begin_array();
    for (const std::string& text : texts) {
      w.string(text);
    }
    w.end_array();
  };
  list("response_types_supported", {"id_token"});
  list("subject_types_supported", {"public"});
  list("id_token_signing_alg_values_supported", algorithms);
  list("claims_supported",
       {"aud", "ear.verifier-id", "eat_profile", "exp", "iat", "iss", "jti", "submods"});
  auto out = w.end_object().take();
  return out ? *std::move(out) : std::string();  // the configuration's texts are UTF-8
}

std::string http_date(UnixTime time) {
  constexpr std::array<const char*, 7> kDays = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  constexpr std::int64_t kDay_s = 86400;
  const CivilTime civil = to_civil(time);
  const std::string text = format_rfc3339(time);  // "2026-11-23T18:47:26Z"
  const auto day = static_cast<std::size_t>(time.seconds / kDay_s % 7);
  return std::string(kDays.at(day)) + ", " + text.substr(8, 2) + " " + kMonths.at(civil.month - 1) +
         " " + text.substr(0, 4) + " " + text.substr(11, 8) + " GMT";
}

Routes::Routes(const broker::Service& service, RoutesConfig config, const Clock& clock, Log log)
    : service_(service),
      broker_(service),
      admin_(service),
      appraise_(service),
      archive_(service),
      events_(service),
      incidents_(service),
      policies_(service),
      ledger_(service, config.ledger_key),
      people_(service, config.administrators, means_of(config), config.tenant),
      resources_(service),
      stored_(service, log),
      config_(std::move(config)),
      clock_(clock),
      log_(std::move(log)) {
  if (config_.tenant_keys != nullptr) {
    tenants_.emplace(service, *config_.tenant_keys, means_of(config_));
  }
}

HttpResponse Routes::answer(const HttpRequest& request) const {
  HttpResponse reply = dispatch(request, clock_.now());
  note(request, reply.status);
  return reply;
}

void Routes::note(const HttpRequest& request, unsigned status) const {
  const std::size_t route = route_of(request.target);
  metrics_.count(route, status);
  const bool known = status != 404 && status != 405;  // a peer's words are not logged
  // Apart, so that a flood of the one does not leave lines of the other out.
  const char* const event = status < 400 ? "request" : "request.refused";
  log_(event, {{"method", known ? request.method : "?"},
               {"path", std::string(kRoutes.at(route))},
               {"status", std::to_string(status)}});
}

std::optional<net::Stream> Routes::stream(const HttpRequest& request) const {
  if (!EventRoutes::streams(request, request.target)) return std::nullopt;
  const UnixTime now = clock_.now();
  const auto open = [&]() -> broker::Answer<net::Stream> {
    const OwnRoute* route = own_route(path_of(request.target));
    WARD_TRY(const Query query, Query::parse(request.target, route->query));
    WARD_TRY(const broker::Actor actor, actor_of(request, TokenForm::kOwn, now));
    WARD_CHECK_OK(may_ask_for(actor, path_of(request.target), now));
    return events_.stream({request, actor, query, now});
  };
  auto opened = open();
  net::Stream out = opened ? *std::move(opened) : net::Stream{to_response(opened.error()), nullptr};
  note(request, out.begin.status);
  return out;
}

HttpResponse Routes::dispatch(const HttpRequest& request, UnixTime now) const {
  const std::string_view path = request.target;
  if (config_.appraise_only && of_resources(path)) return not_found();
  if (path.starts_with(kKbs)) return kbs(request, path.substr(kKbs.size()), now);
  if (path.starts_with(kOwn)) return own(request, now);
  if (path == "/metrics") {
    if (request.method != "GET") return wrong_method("GET");
    const std::string more = config_.metrics ? config_.metrics() : std::string();
    return typed("text/plain; version=0.0.4", as_bytes(metrics_.text() + more));
  }
  const bool webhooks = path == "/.well-known/webhook-jwks.json" && !config_.webhook_jwks.empty();
  const bool jwks = webhooks || path == "/.well-known/jwks.json";
  const bool openid = path == "/.well-known/openid-configuration" && !config_.issuer.empty();
  if (path != "/healthz" && !jwks && !openid) return not_found();
  if (request.method != "GET") return wrong_method("GET");
  if (jwks) {
    return cacheable(request, "application/jwk-set+json",
                     webhooks ? config_.webhook_jwks : config_.jwks);
  }
  return openid ? cacheable(request, kJson, discovery(config_.issuer, config_.token_algorithms))
                : ok();
}

HttpResponse Routes::kbs(const HttpRequest& request, std::string_view path, UnixTime now) const {
  if (path.starts_with(kResource)) return resource(request, path.substr(kResource.size()), now);
  if (PolicyRoutes::takes_kbs(path)) {
    const auto actor = actor_of(request, TokenForm::kKbs, now);
    if (!actor) return kbs_response(actor.error());
    const auto may = may_ask_for(*actor, request.target, now);
    return may ? policies_.answer_kbs(request, *actor, path, now) : kbs_response(may.error());
  }
  if (path != "auth" && path != "attest") return kbs_response(absent_path());
  if (request.method != "POST") return kbs_response(other_method());
  if (path == "auth") {
    const auto challenged = broker_.auth(request.body, now);
    if (!challenged) return kbs_response(challenged.error());
    HttpResponse reply = ok(challenged->body);
    reply.headers.emplace_back("Set-Cookie", set_cookie(challenged->cookie, challenged->expires));
    return reply;
  }
  const auto cookie = session_of(request);
  const auto token = broker_.attest(cookie.value_or(""), request.body, now);
  if (!token) {
    const Refusal& refusal = token.error();
    log_("attestation.refused", {{"check", refusal.checks.empty() ? "" : refusal.checks.front()}});
    return kbs_response(refusal);
  }
  return ok(*token);
}

HttpResponse Routes::resource(const HttpRequest& request, std::string_view path,
                              UnixTime now) const {
  if (request.method == "GET") {
    const auto released = broker_.resource(
        {.cookie = session_of(request), .bearer = credentials_of(request).bearer}, path, now);
    if (!released) {
      const Refusal& refusal = released.error();
      log_("release.refused", {{"check", refusal.checks.empty() ? "" : refusal.checks.front()}});
      return kbs_response(refusal);
    }
    HttpResponse reply = ok(released->jwe);
    if (released->lease) {
      reply.headers.emplace_back(protocol::kbs::kLeaseHeader, lease_header(*released->lease, now));
    }
    return reply;
  }
  if (request.method != "POST" && request.method != "DELETE") return kbs_response(other_method());
  const auto actor = actor_of(request, TokenForm::kKbs, now);
  if (!actor) return kbs_response(actor.error());
  const auto may = may_ask_for(*actor, request.target, now);
  if (!may) return kbs_response(may.error());
  if (request.method == "POST") {
    const auto version = admin_.put_resource(*actor, path, request.body, now);
    return version ? version_response(version) : kbs_response(version.error());
  }
  const auto deleted = admin_.delete_resource(*actor, path, now);
  return deleted ? ok() : kbs_response(deleted.error());
}

broker::Answer<broker::Actor> Routes::actor_of(const HttpRequest& request, TokenForm form,
                                               UnixTime now) const {
  const Credentials credentials = credentials_of(request);
  std::vector<Administrator> known = config_.administrators;
  const auto name = credentials.bearer ? stated_issuer(*credentials.bearer) : std::nullopt;
  const bool configured =
      std::ranges::any_of(known, [&](const Administrator& one) { return one.actor.name == name; });
  if (name && !configured) {  // whoever the configuration names is nobody else
    auto stored = stored_administrator(service_, *name);
    if (!stored) return broker::unavailable(stored.error());
    if (*stored) known.push_back(**std::move(stored));
  }
  if (!credentials.certificates.empty()) {
    auto stored = stored_.certificates(config_.administrators);
    if (!stored) return broker::unavailable(stored.error());
    std::ranges::move(*stored, std::back_inserter(known));
  }
  const auto granted = [this](const OidcProvider& provider) {
    return stored_.rules(config_.administrators, provider);
  };
  const ClientCrls::Lists crls =
      config_.client_crls != nullptr ? config_.client_crls->current() : nullptr;
  ClientTrust trust{.ca = config_.client_ca};
  if (crls) {
    trust.crls = crls->lists;
    trust.list_holds = [&crls](const pki::Crl& list, const pki::Certificate& issuer) {
      return is_signed_by(*crls, list, issuer);
    };
  }
  auto actor = authenticate(credentials,
                            {.administrators = known,
                             .providers = config_.providers,
                             .client_trust = trust,
                             .keys = config_.oidc_keys,
                             .granted = granted},
                            {.audience = config_.audience, .form = form, .now = now});
  if (!actor) {
    log_("admin.refused", {{"reason", actor.error().body.detail}});
  } else {
    log_("admin.signed_in", {{"by", actor->sign_in}});
  }
  return actor;
}

// may_ask_for looks at the table of routes and roles; the broker knows whose repository it is.
broker::Answer<void> Routes::may_ask_for(const broker::Actor& actor, std::string_view path,
                                         UnixTime now) const {
  if (access_to(path) == nullptr) return absent_path();  // what nobody may ask for is not there
  return broker::allow(service_, actor, may_ask(to_text(actor.role), path), path, now);
}

HttpResponse Routes::own(const HttpRequest& request, UnixTime now) const {
  const std::string_view path = path_of(request.target);
  const OwnRoute* route = own_route(path);
  if (route == nullptr) return not_found();
  if (!lists(route->methods, request.method)) return wrong_method(route->methods);
  const auto query = Query::parse(request.target, route->query);
  if (!query) return to_response(query.error());
  const std::string_view rest = path.substr(kOwn.size());
  if (auto reply = own_public(request, rest, *query)) return *std::move(reply);
  const auto key = request.header("Idempotency-Key");
  const bool once_only = key && request.method != "GET";
  if (once_only && !lists(route->keyed, request.method)) {
    return to_response(broker::refuse(400, kIdempotency, CheckId::kMessageForm,
                                      "This route takes no Idempotency-Key."));
  }
  if (AppraiseRoutes::takes(rest)) return appraise_.answer(request, rest, now);
  const auto actor = actor_of(request, TokenForm::kOwn, now);
  if (!actor) return to_response(actor.error());
  const auto may = may_ask_for(*actor, path, now);
  if (!may) return to_response(may.error());
  const OwnRequest asked{request, *actor, *query, now};
  HttpResponse reply = once_only ? once(asked, rest, *key) : administer(asked, rest);
  if (reply.status == 405 && !reply.header("Allow")) {
    reply.headers.emplace_back("Allow", std::string(route->methods));
  }
  return reply;
}

std::optional<HttpResponse> Routes::own_public(const HttpRequest& request, std::string_view path,
                                               const Query& query) const {
  if (path == "openapi.json") return cacheable(request, kJson, openapi());
  if (LedgerRoutes::is_public(path)) return ledger_.answer_anybody(path, query);
  return std::nullopt;
}

// once does what is asked under its key, or gives the answer that was given before.
HttpResponse Routes::once(const OwnRequest& asked, std::string_view path,
                          std::string_view header) const {
  const auto refused = [](unsigned status, CheckId id, std::string_view more = {}) {
    return to_response(broker::refuse(status, kIdempotency, id, more));
  };
  const auto key = key_of(header);
  if (!key || config_.keyed == nullptr) {
    return refused(400, CheckId::kMessageForm,
                   "Idempotency-Key: expected 1 to 128 characters of ASCII in quotation marks, "
                   "without a quotation mark or backslash.");
  }
  KeyedStore::Scope scope(*config_.keyed, service_.keys.rows, service_.rng,
                          {asked.actor.name, *key, digest_of(asked.request), asked.now});
  auto found = scope.find();
  if (!found) return to_response(broker::unavailable(found.error()));
  switch (found->state) {
    case KeyState::kNew:
      break;
    case KeyState::kAnswered:
      return std::move(found->answer);
    case KeyState::kBegun:
      return refused(409, CheckId::kIdempotencyAnswer);
    case KeyState::kOther:
      return refused(422, CheckId::kIdempotencyRequest);
  }
  HttpResponse reply = administer(asked, path);
  if (scope.collided()) return refused(409, CheckId::kIdempotencyAnswer);
  if (scope.full()) return refused(429, CheckId::kIdempotencyRoom);
  if (const auto kept = scope.end(reply); !kept) {
    log_("idempotency.lost", {{"reason", kept.error().what()}});
  }
  return reply;
}

HttpResponse Routes::administer(const OwnRequest& asked, std::string_view path) const {
  if (ArchiveRoutes::takes(path)) return archive_.answer(asked, path);
  if (EventRoutes::takes(path)) return events_.answer(asked, path);
  if (IncidentRoutes::takes(path)) return incidents_.answer(asked, path);
  if (LedgerRoutes::takes(path)) return ledger_.answer(asked, path);
  if (path == "token/introspect") return introspect(service_, asked.request, asked.now);
  if (PolicyRoutes::takes(path)) return policies_.answer(asked, path);
  if (ResourceRoutes::takes(path)) return resources_.answer(asked, path);
  if (PeopleRoutes::takes(path)) return people_.answer(asked, path);
  if (tenants_ && TenantRoutes::takes(path)) return tenants_->answer(asked, path);
  return not_found();
}

}  // namespace ward::server
