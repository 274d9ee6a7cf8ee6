#pragma once

#include <string_view>

#include "base/time.h"
#include "broker/appraise.h"
#include "protocol/exchange.h"

namespace ward::server {

// AppraiseRoutes answers whoever wants evidence judged, without a credential
// (docs/protocols/appraise.md):
//   POST /v1/nonce     a challenge for an attester
//   POST /v1/appraise  evidence to attestation result
// Safe from several threads.
class AppraiseRoutes {
 public:
  explicit AppraiseRoutes(const broker::Service& service) : appraiser_(service) {}

  // takes is true for a path, behind /v1/, that is one of these.
  [[nodiscard]] static bool takes(std::string_view path);

  [[nodiscard]] protocol::HttpResponse answer(const protocol::HttpRequest& request,
                                              std::string_view path, UnixTime now) const;

 private:
  broker::Appraiser appraiser_;
};

}  // namespace ward::server
