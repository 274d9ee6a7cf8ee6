#include "server/appraise_routes.h"

#include "server/responses.h"

namespace ward::server {
namespace {

constexpr std::string_view kNonce = "nonce";
constexpr std::string_view kAppraise = "appraise";

}  // namespace

bool AppraiseRoutes::takes(std::string_view path) { return path == kNonce || path == kAppraise; }

protocol::HttpResponse AppraiseRoutes::answer(const protocol::HttpRequest& request,
                                              std::string_view path, UnixTime now) const {
  if (request.method != "POST") return wrong_method();
  const auto out = path == kNonce ? appraiser_.nonce(now) : appraiser_.appraise(request.body, now);
  return out ? ok(*out) : to_response(out.error());
}

}  // namespace ward::server
