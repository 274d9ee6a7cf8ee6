#pragma once

#include "base/time.h"
#include "broker/admin.h"
#include "protocol/exchange.h"
#include "server/query.h"

namespace ward::server {

// OwnRequest is a request for one of ward's own routes whose method and query the route takes, and
// whose administrator is known. Everything is borrowed from the caller.
struct OwnRequest {
  const protocol::HttpRequest& request;
  const broker::Actor& actor;
  const Query& query;
  UnixTime now;
};

}  // namespace ward::server
