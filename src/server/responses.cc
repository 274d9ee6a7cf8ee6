#include "server/responses.h"

#include <string>

namespace ward::server {

using broker::Refusal;
using codec::JsonWriter;
using protocol::HttpResponse;

HttpResponse ok(std::string_view body) { return typed(kJson, as_bytes(body)); }

HttpResponse typed(std::string_view type, Bytes body) {
  return {.status = 200, .headers = {{"Content-Type", std::string(type)}}, .body = to_buffer(body)};
}

HttpResponse to_response(const Refusal& refusal) {
  JsonWriter w;
  w.begin_object().member("type", "urn:ward:problem:" + refusal.body.type);
  w.member("title", reason_phrase(refusal.status));
  w.member("status", refusal.status).member("detail", refusal.body.detail);
  if (!refusal.checks.empty()) {
    w.name("checks").begin_array();
    for (const std::string& id : refusal.checks) {
      w.string(id);
    }
    w.end_array();
  }
  if (!refusal.found.empty()) w.member("found", refusal.found);
  if (!refusal.expected.empty()) w.member("expected", refusal.expected);
  auto text = w.end_object().take();
  HttpResponse out{.status = refusal.status,
                   .headers = {{"Content-Type", std::string(kProblemJson)}},
                   // Only text that is not UTF-8 fails, and what a refusal says is ours.
                   .body = to_buffer(as_bytes(text ? *text : "{\"type\":\"about:blank\"}"))};
  if (refusal.status == 401) out.headers.emplace_back("WWW-Authenticate", "Bearer");
  return out;
}

HttpResponse kbs_response(const Refusal& refusal) {
  return {.status = refusal.status,
          .headers = {{"Content-Type", std::string(kJson)}},
          .body = to_buffer(as_bytes(protocol::kbs::write_error(refusal.body)))};
}

Refusal absent_path() {
  return {
      .status = 404, .body = {"InvalidRequestPath", "there is nothing at this path"}, .checks = {}};
}

Refusal other_method() {
  return {.status = 405,
          .body = {"InvalidRequestPath", "this path does not take this method"},
          .checks = {}};
}

HttpResponse not_found() { return to_response(absent_path()); }

HttpResponse wrong_method(std::string_view allow) {
  HttpResponse out = to_response(other_method());
  if (!allow.empty()) out.headers.emplace_back("Allow", std::string(allow));
  return out;
}

HttpResponse json_response(JsonWriter& w) {
  auto text = w.take();
  if (!text) return to_response(broker::unavailable(text.error()));
  return ok(*text);
}

HttpResponse version_response(const Result<std::uint64_t, broker::Refusal>& version) {
  if (!version) return to_response(version.error());
  JsonWriter w;
  w.begin_object().member("version", *version).end_object();
  return json_response(w);
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

}  // namespace ward::server
