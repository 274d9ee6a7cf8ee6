#pragma once

#include "base/time.h"
#include "broker/broker.h"
#include "protocol/exchange.h"

namespace ward::server {

// introspect answers POST /v1/token/introspect (RFC 7662 section 2): whether a token is a result
// that this service issued and that is not expired, and its claims beside `active`. Whatever else
// it is, the answer is {"active":false} and does not say why. The token comes as `token` of a form
// (application/x-www-form-urlencoded) or of a JSON object; 415 for another media type, 400 for
// another form. The caller has authenticated who asks.
[[nodiscard]] protocol::HttpResponse introspect(const broker::Service& service,
                                                const protocol::HttpRequest& request, UnixTime now);

}  // namespace ward::server
