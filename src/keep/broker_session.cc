#include "keep/broker_session.h"

#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::keep {
namespace {

constexpr const char* kKeyAlgorithm = "ECDH-ES+A256KW";

Ending broker_ending(Errc code) {
  switch (code) {
    case Errc::kDenied:
      return Ending::kBrokerRefused;
    case Errc::kUntrusted:
    case Errc::kStale:
      return Ending::kBrokerUntrusted;
    case Errc::kTruncated:
    case Errc::kMalformed:
    case Errc::kUnsupported:
    case Errc::kLimit:
    case Errc::kUnavailable:
      return Ending::kBrokerUnreachable;
    case Errc::kInternal:
      return Ending::kInternal;
  }
  return Ending::kInternal;
}

Trouble device_trouble(const Failure& failure) {
  return {
      .ending = Ending::kInternal, .subject = std::string(kDeviceSubject), .detail = failure.what};
}

}  // namespace

// trouble takes the broker's own words where it said why.
Trouble BrokerSession::trouble(const Error& error, const std::string& subject) const {
  Trouble out{.ending = broker_ending(error.code()), .subject = subject, .detail = error.what()};
  if (error.code() == Errc::kUnavailable && parts_.deadline->left_ms() == 0) {
    out.detail = no_answer_within(*parts_.deadline);
  }
  if (client_ && client_->refusal()) out.detail = client_->refusal()->detail;
  out.decided = client_ && client_->decided();
  return out;
}

std::optional<Trouble> BrokerSession::attest() {
  const BrokerEntry& broker = *parts_.keep->manifest.broker;
  auto tee = parts_.device->tee();
  if (!tee) return device_trouble(tee.error());
  auto exchange = parts_.connector->connect(broker);
  if (!exchange) return trouble(exchange.error(), broker.url);
  exchange_ = *std::move(exchange);
  const token::Jwk jwk{
      .key = key_.public_key(), .kid = {}, .alg = kKeyAlgorithm, .use = {}, .key_ops = {}};
  client_.emplace(protocol::kbs::ClientOptions{
      .tee = *tee,
      .tee_pubkey = token::to_json(jwk),
      .init_data =
          protocol::kbs::InitData{.format = "toml", .body = std::string(parts_.init_data)}});
  if (auto asked = challenge(); !asked) return trouble(asked.error(), "attestation");
  auto evidence = parts_.device->evidence(client_->report_data());
  if (!evidence) return device_trouble(evidence.error());
  if (auto done = prove(*evidence); !done) return trouble(done.error(), "attestation");
  return std::nullopt;
}

Result<void> BrokerSession::challenge() {
  WARD_TRY(const protocol::HttpRequest auth, client_->auth());
  WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(auth));
  return client_->on_challenge(reply);
}

Result<void> BrokerSession::prove(const Evidence& evidence) {
  WARD_TRY(const protocol::HttpRequest attestation, client_->attest(evidence.primary));
  WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(attestation));
  return client_->on_token(reply);
}

Result<ReleasedKey, Trouble> BrokerSession::fetch(const std::string& resource) {
  auto key = ask(resource);
  if (!key) return trouble(key.error(), resource);
  return *std::move(key);
}

// ask gets the key, which was encrypted to this keep alone.
Result<ReleasedKey> BrokerSession::ask(const std::string& resource) {
  WARD_TRY(const protocol::kbs::ResourcePath path, protocol::kbs::parse_resource_path(resource));
  WARD_TRY(const protocol::HttpRequest request, client_->get(path));
  WARD_TRY(const protocol::HttpResponse reply, exchange_->exchange(request));
  WARD_TRY(const std::string json, client_->on_resource(reply));
  WARD_TRY(const token::Jwe jwe, token::parse_jwe(as_bytes(json)));
  ReleasedKey out;
  WARD_TRY(out.key, token::decrypt_jwe(jwe, key_));
  if (const auto& lease = client_->lease()) out.seconds = lease->seconds;
  return out;
}

}  // namespace ward::keep
