#include "broker/broker.h"

#include "broker/records.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

Refusal tee_not_served(std::string_view tee) {
  return refuse(400, "AttestationError", CheckId::kTee, "It is \"" + std::string(tee) + "\".");
}

}  // namespace

Refusal version_mismatch(const Options& options, std::string_view asked) {
  Refusal out = refuse(401, "AttestationError", CheckId::kVersion);
  std::string supported;
  for (const kbs::Version version : kbs::kVersions) {
    if (!options.serves(version)) continue;
    supported += (supported.empty() ? "=" : ", =") + std::string(to_text(version));
  }
  // Clients recognise the mismatch by this text.
  out.body.detail =
      "kbs.request.version: RCAR handshake Auth failed: KBS Client Protocol Version "
      "Mismatch: expect " +
      supported + " while the request is " + std::string(asked);
  if (kbs::version_of(asked)) {
    out.body.detail += "; the server's operator can turn it on (allow_kbs_0_1_1)";
  }
  return out;
}

Answer<Challenged> Broker::auth(Bytes body, UnixTime now) const {
  const auto request = kbs::parse_request(body);
  if (!request) return refuse_document("AttestationError", CheckId::kMessageForm, request.error());
  const auto version = kbs::version_of(request->version);
  if (!version || !service_.options.serves(*version)) {
    return version_mismatch(service_.options, request->version);
  }
  if (!service_.verifier.serves(request->tee)) return tee_not_served(request->tee);
  if (const auto right = check_clock(service_.store, now); !right) {
    return unavailable(right.error());
  }
  Session session;
  session.version = *version;
  session.tee = request->tee;
  session.nonce = crypto::random_array<kbs::kNonceBytes>(service_.rng);
  session.expires = {now.seconds + service_.options.session_life_s};
  auto cookie = service_.keys.sessions.seal(session, service_.rng);
  if (!cookie) return unavailable(cookie.error());
  auto text = kbs::write_challenge({session.nonce_text()});
  if (!text) return unavailable(text.error());
  return Challenged{*std::move(text), *std::move(cookie), session.expires};
}

}  // namespace ward::broker
