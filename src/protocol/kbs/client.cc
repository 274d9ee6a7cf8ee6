#include "protocol/kbs/client.h"

#include <utility>

namespace ward::protocol::kbs {
namespace {

constexpr std::string_view kRoot = "/kbs/v0";
constexpr std::size_t kMaxCookie = 8192;

HttpRequest post(std::string_view target, std::string body) {
  return {.method = "POST",
          .target = std::string(kRoot) + std::string(target),
          .headers = {{"Content-Type", "application/json"}},
          .body = to_buffer(as_bytes(body))};
}

// session_cookie cuts `name=value` out of a Set-Cookie line.
std::optional<std::string> session_cookie(const HttpResponse& reply) {
  const auto line = reply.header("Set-Cookie");
  if (!line || !line->starts_with("kbs-session-id=")) return std::nullopt;
  const std::string_view pair = line->substr(0, line->find(';'));
  if (pair.size() > kMaxCookie) return std::nullopt;
  return std::string(pair);
}

// lease_of reads how long a reply's resource may be used. Of two such headers neither counts.
Result<std::optional<LeaseTerm>> lease_of(const HttpResponse& reply) {
  const auto value = reply.header(kLeaseHeader);
  if (!value) return std::optional<LeaseTerm>();
  WARD_TRY(LeaseTerm term, parse_lease(*value));
  std::size_t count = 0;
  for (const Header& header : reply.headers) {
    if (HttpResponse{.status = 0, .headers = {header}, .body = {}}.header(kLeaseHeader)) ++count;
  }
  if (count != 1) return Error(Errc::kMalformed, "kbs.client: more than one lease", count);
  return std::optional(std::move(term));
}

}  // namespace

Client::Client(ClientOptions options) : options_(std::move(options)) {}

Result<HttpRequest> Client::auth() {
  if (state_ != State::kNew) return Error(Errc::kInternal, "kbs.client: auth out of order");
  WARD_TRY(std::string body,
           write_request({std::string(to_text(kVersions.front())), options_.tee}));
  state_ = State::kAsked;
  return post("/auth", std::move(body));
}

Result<void> Client::on_challenge(const HttpResponse& reply) {
  if (std::exchange(state_, State::kOver) != State::kAsked) {
    return Error(Errc::kInternal, "kbs.client: challenge out of order");
  }
  WARD_CHECK_OK(accept_status(reply));
  auto challenge = parse_challenge(reply.body);
  if (!challenge) return Error(Errc::kMalformed, "kbs.client: challenge");
  auto cookie = session_cookie(reply);
  if (!cookie) return Error(Errc::kMalformed, "kbs.client: session cookie");
  WARD_TRY(const std::string bound, runtime_data(challenge->nonce, options_.tee_pubkey, ""));
  nonce_ = challenge->nonce;
  cookie_ = *std::move(cookie);
  report_data_ = kbs::report_data(bound);
  state_ = State::kChallenged;
  return {};
}

Result<HttpRequest> Client::attest(std::string_view primary_evidence) {
  if (std::exchange(state_, State::kOver) != State::kChallenged) {
    return Error(Errc::kInternal, "kbs.client: attest out of order");
  }
  WARD_TRY(std::string body, write_attestation({.init_data = options_.init_data,
                                                .nonce = nonce_,
                                                .tee_pubkey = options_.tee_pubkey,
                                                .primary_evidence = std::string(primary_evidence),
                                                .additional_evidence = ""},
                                               kVersions.front()));
  if (body.size() > kMaxMessageBytes) {
    return Error(Errc::kLimit, "kbs.client: message", body.size());
  }
  HttpRequest request = post("/attest", std::move(body));
  request.headers.emplace_back("Cookie", cookie_);
  state_ = State::kAttesting;
  return request;
}

Result<void> Client::on_token(const HttpResponse& reply) {
  if (std::exchange(state_, State::kOver) != State::kAttesting) {
    return Error(Errc::kInternal, "kbs.client: token out of order");
  }
  WARD_CHECK_OK(accept_status(reply));
  auto token = parse_token_reply(reply.body);
  if (!token) return Error(Errc::kMalformed, "kbs.client: token");
  token_ = *std::move(token);
  state_ = State::kAttested;
  return {};
}

Result<HttpRequest> Client::get(const ResourcePath& path) const {
  if (state_ != State::kAttested) return Error(Errc::kInternal, "kbs.client: get out of order");
  HttpRequest out{.method = "GET",
                  .target = std::string(kRoot) + "/resource/" + path.text(),
                  .headers = {{"Cookie", cookie_}},
                  .body = {}};
  // The session is enough; a token that tells of a whole event log does not fit into a header.
  if (token_.size() <= kMaxBearerBytes) {
    out.headers.emplace_back("Authorization", "Bearer " + token_);
  }
  return out;
}

Result<std::string> Client::on_resource(const HttpResponse& reply) {
  if (state_ != State::kAttested) return Error(Errc::kInternal, "kbs.client: reply out of order");
  lease_.reset();
  WARD_CHECK_OK(accept_status(reply));
  WARD_TRY(lease_, lease_of(reply));
  return std::string(as_text(reply.body));
}

Result<void> Client::accept_status(const HttpResponse& reply) {
  refusal_.reset();
  decided_ = reply.status == 401 || reply.status == 403 || reply.status == 404;
  if (reply.status == 200) return {};
  if (auto body = parse_error(reply.body)) refusal_ = *std::move(body);
  switch (reply.status) {
    case 401:
    case 403:
      return Error(Errc::kDenied, "kbs.client: the broker refused");
    case 404:
      return Error(Errc::kUnavailable, "kbs.client: the broker has no such resource");
    default:
      break;
  }
  if (reply.status == 429 || reply.status >= 500) {
    return Error(Errc::kUnavailable, "kbs.client: the broker cannot answer now", reply.status);
  }
  return Error(Errc::kMalformed, "kbs.client: the broker did not accept the message", reply.status);
}

}  // namespace ward::protocol::kbs
