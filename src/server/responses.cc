#include "server/responses.h"

namespace ward::server {

using broker::Refusal;
using codec::JsonWriter;
using protocol::HttpResponse;

HttpResponse ok(std::string_view body) {
  return {.status = 200, .headers = {}, .body = to_buffer(as_bytes(body))};
}

HttpResponse to_response(const Refusal& refusal) {
  return {.status = refusal.status,
          .headers = {},
          .body = to_buffer(as_bytes(protocol::kbs::write_error(refusal.body)))};
}

HttpResponse not_found() {
  return to_response({.status = 404,
                      .body = {"InvalidRequestPath", "there is nothing at this path"},
                      .checks = {}});
}

HttpResponse wrong_method() {
  return to_response({.status = 405,
                      .body = {"InvalidRequestPath", "this path does not take this method"},
                      .checks = {}});
}

HttpResponse json_response(JsonWriter& w) {
  auto text = w.take();
  if (!text) return to_response(broker::unavailable(text.error()));
  return ok(*text);
}

}  // namespace ward::server
