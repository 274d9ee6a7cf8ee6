#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "net/http/client.h"
#include "net/http/server.h"
#include "test/support/tls_identity.h"

// For tests of the server: one over loopback that tells what it was asked.
namespace ward::net {

using protocol::HttpRequest;
using protocol::HttpResponse;

inline constexpr int kTimeoutMs = 20000;

inline const test::TlsIdentity& identity() {
  static const test::TlsIdentity one = test::make_tls_identity();
  return one;
}

inline HttpResponse echo(const HttpRequest& request) {
  return {.status = 200,
          .headers = {{"Content-Type", "text/plain"}, {"X-Method", request.method}},
          .body = concat({as_bytes(request.target), as_bytes("|"), request.body})};
}

inline std::unique_ptr<HttpServer> serve(ServerOptions options = {}, Handler handler = echo) {
  const auto context = server_context(identity().certificate_pem, identity().key_pem);
  EXPECT_TRUE(context);
  auto server = serve_https(options, *context, std::move(handler));
  EXPECT_TRUE(server);
  return *std::move(server);
}

inline Url url_of(const HttpServer& server) { return {"127.0.0.1", server.port()}; }

inline ServerTrust pin() { return SpkiPin{crypto::sha256(identity().spki)}; }

inline HttpRequest get(std::string target) {
  return {.method = "GET", .target = std::move(target), .headers = {}, .body = {}};
}

}  // namespace ward::net
