#include "server/introspect.h"

#include <algorithm>
#include <optional>
#include <string>

#include "broker/incident.h"
#include "broker/result_token.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "server/query.h"
#include "server/responses.h"
#include "token/jwt.h"

namespace ward::server {
namespace {

using broker::CheckId;
using codec::JsonWriter;
using protocol::HttpRequest;
using protocol::HttpResponse;

constexpr std::string_view kType = "InvalidRequest";
constexpr std::string_view kForm = "application/x-www-form-urlencoded";
constexpr std::string_view kMembers = "token token_type_hint";

// media_type is a Content-Type without its parameters, in lower case (RFC 9110 section 8.3.1).
std::string media_type(const HttpRequest& request) {
  std::string out(request.header("Content-Type").value_or(""));
  out.erase(std::min(out.find_first_of("; \t"), out.size()));
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

broker::Answer<std::string> token_in(const HttpRequest& request) {
  const std::string type = media_type(request);
  std::optional<std::string> token;
  if (type == kForm) {
    WARD_TRY(const Query form, Query::parse("?" + std::string(as_text(request.body)), kMembers));
    token = form.find("token");
  } else if (type == kJson) {
    const auto json = codec::parse_json(request.body);
    if (!json) return broker::refuse_document(kType, CheckId::kMessageForm, json.error());
    const auto* member = json->is_object() ? json->find("token") : nullptr;
    if (member != nullptr) token = member->as_string();
  } else {
    return broker::refuse(
        415, kType, CheckId::kMessageForm,
        "Content-Type: expected " + std::string(kForm) + " or " + std::string(kJson) + ".");
  }
  if (!token || token->empty()) return wrong_parameter("token", "a token");
  return *std::move(token);
}

}  // namespace

HttpResponse introspect(const broker::Service& service, const HttpRequest& request, UnixTime now) {
  const auto token = token_in(request);
  if (!token) return to_response(token.error());
  const auto verified = token::verify_jwt(*token, service.keys.token_keys,
                                          {.issuer = broker::issuer_of(service.options),
                                           .audience = token::Unchecked{},
                                           .now = now,
                                           .max_age_s = service.options.token_life_s,
                                           .rules = {}});
  std::string incident;
  const auto read = service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(incident, broker::refused_token(view, broker::result_digest(*token)));
    return {};
  });
  if (!read) return to_response(broker::unavailable(read.error()));
  const bool active = verified && incident.empty();
  JsonWriter w;
  w.begin_object().member("active", active);
  if (active) {
    for (const auto& [name, value] : verified->claims.members()) {
      w.name(name).copy(value);
    }
  }
  w.end_object();
  return json_response(w);
}

}  // namespace ward::server
