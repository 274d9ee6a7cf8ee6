#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "broker/refusal.h"
#include "codec/json_write.h"
#include "protocol/exchange.h"

// The answers that all routes give.
namespace ward::server {

inline constexpr std::string_view kJson = "application/json";
inline constexpr std::string_view kProblemJson =
    "application/problem+json";  // RFC 9457 section 6.1

// ok is a 200 of JSON text; empty: of nothing.
[[nodiscard]] protocol::HttpResponse ok(std::string_view body = {});

// typed is a 200 of another media type.
[[nodiscard]] protocol::HttpResponse typed(std::string_view type, Bytes body);

// to_response writes a refusal as problem details (RFC 9457): type, title, status and detail, the
// failed checks as `checks`, and of the first what was `found` and `expected` where that is known.
// 401 names the scheme Bearer (RFC 9110 section 15.5.2). For ward's own routes and all that are not
// the protocol's.
[[nodiscard]] protocol::HttpResponse to_response(const broker::Refusal& refusal);

// kbs_response writes a refusal as the KBS protocol has it (docs/protocols/kbs.md).
[[nodiscard]] protocol::HttpResponse kbs_response(const broker::Refusal& refusal);

// What there is nothing at, and what does not take the method.
[[nodiscard]] broker::Refusal absent_path();
[[nodiscard]] broker::Refusal other_method();

[[nodiscard]] protocol::HttpResponse not_found();

// wrong_method says in Allow what the path takes ("GET, POST"); without it Routes says it, of the
// paths in kOwnRoutes (route_table.h).
[[nodiscard]] protocol::HttpResponse wrong_method(std::string_view allow = {});

// json_response takes what was written; 503 where it cannot be.
[[nodiscard]] protocol::HttpResponse json_response(codec::JsonWriter& w);

// version_response is {"version":N}, or the refusal.
[[nodiscard]] protocol::HttpResponse version_response(
    const Result<std::uint64_t, broker::Refusal>& version);

// reason_phrase is that of a status (RFC 9110 section 15): "Not Found".
[[nodiscard]] std::string_view reason_phrase(unsigned status);

}  // namespace ward::server
