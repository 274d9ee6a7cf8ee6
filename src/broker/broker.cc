#include "broker/broker.h"

#include <algorithm>
#include <array>

#include "broker/records.h"

namespace ward::broker {
namespace {

namespace kbs = protocol::kbs;

constexpr std::array<std::string_view, 1> kVersions = {"0.4.0"};

Refusal version_mismatch(std::string_view asked) {
  Refusal out = refuse(401, "AttestationError", CheckId::kVersion);
  std::string supported;
  for (const std::string_view version : kVersions) {
    supported += (supported.empty() ? "=" : ", =") + std::string(version);
  }
  // Clients recognise the mismatch by this text.
  out.body.detail =
      "kbs.request.version: RCAR handshake Auth failed: KBS Client Protocol Version "
      "Mismatch: expect " +
      supported + " while the request is " + std::string(asked);
  return out;
}

}  // namespace

Answer<Challenged> Broker::auth(Bytes body, UnixTime now) const {
  const auto request = kbs::parse_request(body);
  if (!request) return refuse_document("AttestationError", CheckId::kMessageForm, request.error());
  if (std::find(kVersions.begin(), kVersions.end(), request->version) == kVersions.end()) {
    return version_mismatch(request->version);
  }
  if (const auto right = check_clock(service_.store, now); !right) {
    return unavailable(right.error());
  }
  Session session;
  session.version = request->version;
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
