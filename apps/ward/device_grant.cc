#include "apps/ward/device_grant.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "apps/ward/admin_client.h"
#include "apps/ward/cli.h"
#include "apps/ward/input.h"
#include "base/printable.h"
#include "codec/json.h"
#include "net/http/fetch.h"

namespace ward::cli {
namespace {

using codec::JsonValue;

constexpr std::int64_t kLongestWait_s = 1800;
constexpr std::int64_t kMostBetween_s = 60;
constexpr std::int64_t kLongestLife_s = std::int64_t{7} * 86400;
constexpr const char* kGrantType = "urn:ietf:params:oauth:grant-type:device_code";

std::string text_in(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  return std::string(value != nullptr ? value->as_string().value_or("") : "");
}

std::int64_t number_in(const JsonValue& object, std::string_view name, std::int64_t otherwise,
                       std::int64_t most) {
  const JsonValue* value = object.find(name);
  const auto number = value != nullptr ? value->as_int() : std::nullopt;
  return std::clamp<std::int64_t>(number.value_or(otherwise), 1, most);
}

struct Reply {
  unsigned status = 0;
  JsonValue body;
};

// exchange sends a form, or asks with GET where there is none, and reads the JSON that comes.
Result<Reply, int> exchange(const std::string& url, const std::optional<std::string>& form,
                            const DeviceGrant& grant) {
  protocol::HttpRequest request{.method = form ? "POST" : "GET",
                                .target = {},
                                .headers = {{"Accept", "application/json"}},
                                .body = to_buffer(as_bytes(form.value_or("")))};
  if (form) request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  const auto reply = net::https_fetch(
      url, std::move(request), {.ca_pem = grant.ca_pem, .now = system_now(), .timeout_ms = 20000});
  if (!reply) {
    const Errc code = reply.error().code();
    const bool refused = code == Errc::kUntrusted || code == Errc::kStale;
    return fail(refused ? kRefused : kCouldNotTell,
                for_terminal(url) + ": " + error_text(reply.error()),
                refused ? "--ca names the CA that the provider's certificate must lead to" : "");
  }
  auto body = codec::parse_json(reply->body, {.max_bytes = 256U << 10U});
  if (!body || !body->is_object()) {
    return fail(kCouldNotTell, for_terminal(url) + ": the answer is no JSON object (status " +
                                   std::to_string(reply->status) + ")");
  }
  return Reply{reply->status, *std::move(body)};
}

// What a provider says went wrong (RFC 6749 section 5.2).
std::string reason_of(const Reply& reply) {
  const std::string code = text_in(reply.body, "error");
  const std::string more = text_in(reply.body, "error_description");
  if (code.empty()) return "status " + std::to_string(reply.status);
  return for_terminal(more.empty() ? code : code + ": " + more);
}

struct Endpoints {
  std::string device;
  std::string token;
};

Result<Endpoints, int> discover(const DeviceGrant& grant) {
  std::string url = grant.issuer;
  if (url.ends_with('/')) url.pop_back();
  url += "/.well-known/openid-configuration";
  WARD_TRY(const Reply reply, exchange(url, std::nullopt, grant));
  if (reply.status != 200) {
    return fail(kCouldNotTell, for_terminal(url) + ": " + reason_of(reply));
  }
  if (text_in(reply.body, "issuer") != grant.issuer) {
    return fail(kRefused, "the provider says that it is another issuer: " +
                              for_terminal(text_in(reply.body, "issuer")));
  }
  Endpoints out{text_in(reply.body, "device_authorization_endpoint"),
                text_in(reply.body, "token_endpoint")};
  if (out.device.empty() || out.token.empty()) {
    return fail(kCouldNotTell, "the provider offers no device authorization (RFC 8628)");
  }
  return out;
}

// granted reads the provider's token response (RFC 6749 section 5.1).
Result<Granted, int> granted(const DeviceGrant& grant, const Reply& reply) {
  Granted out{.token = text_in(reply.body, grant.id_token ? "id_token" : "access_token"),
              .expires = {}};
  if (std::ranges::count(out.token, '.') != 2) {
    return fail(kRefused, "the provider gave no token that the service could judge (a JWT)",
                grant.id_token ? "--scope openid asks for an ID token"
                               : "--audience names the service, so that the provider makes a token "
                                 "for it");
  }
  out.expires = {system_now().seconds + number_in(reply.body, "expires_in", 300, kLongestLife_s)};
  return out;
}

}  // namespace

Result<Granted, int> run_device_grant(const DeviceGrant& grant,
                                      const std::function<void(const std::string&)>& show) {
  WARD_TRY(const Endpoints at, discover(grant));
  const std::string client = "client_id=" + form_encode(grant.client_id);
  const std::string resource =
      grant.audience.empty() ? std::string() : "&resource=" + form_encode(grant.audience);
  WARD_TRY(const Reply begun,
           exchange(at.device, client + "&scope=" + form_encode(grant.scope) + resource, grant));
  const std::string code = text_in(begun.body, "device_code");
  const std::string page = text_in(begun.body, "verification_uri");
  if (begun.status != 200 || code.empty() || page.empty()) {
    return fail(kRefused, "the provider does not begin a sign-in: " + reason_of(begun));
  }
  show("open " + for_terminal(page) + " on any device, and enter the code " +
       for_terminal(text_in(begun.body, "user_code")));
  if (const std::string whole = text_in(begun.body, "verification_uri_complete"); !whole.empty()) {
    show("or open " + for_terminal(whole));
  }
  const std::string form = std::string("grant_type=") + form_encode(kGrantType) + "&" + client +
                           "&device_code=" + form_encode(code) + resource;
  const std::int64_t end =
      system_now().seconds + number_in(begun.body, "expires_in", 600, kLongestWait_s);
  std::int64_t between = number_in(begun.body, "interval", 5, kMostBetween_s);
  while (system_now().seconds < end) {
    WARD_TRY(const Reply reply, exchange(at.token, form, grant));
    if (reply.status == 200) return granted(grant, reply);
    const std::string error = text_in(reply.body, "error");
    if (error == "slow_down") {
      between = std::min(between + 5, kMostBetween_s);
    } else if (error != "authorization_pending") {
      return fail(kRefused, "the sign-in was refused: " + reason_of(reply));
    }
    std::this_thread::sleep_for(std::chrono::seconds(between));
  }
  return fail(kRefused, "the sign-in was refused: nobody entered the code in time");
}

}  // namespace ward::cli
