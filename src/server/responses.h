#pragma once

#include <string_view>

#include "broker/refusal.h"
#include "codec/json_write.h"
#include "protocol/exchange.h"

// The answers that all routes give.
namespace ward::server {

[[nodiscard]] protocol::HttpResponse ok(std::string_view body = {});
[[nodiscard]] protocol::HttpResponse to_response(const broker::Refusal& refusal);
[[nodiscard]] protocol::HttpResponse not_found();
[[nodiscard]] protocol::HttpResponse wrong_method();

// json_response takes what was written; 503 where it cannot be.
[[nodiscard]] protocol::HttpResponse json_response(codec::JsonWriter& w);

}  // namespace ward::server
