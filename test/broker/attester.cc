#include "test/broker/attester.h"

#include <gtest/gtest.h>

#include "token/jwk.h"

namespace ward::broker::test_support {
namespace {

crypto::PrivateKey new_key() {
  crypto::SystemRng rng;
  return *crypto::PrivateKey::generate(crypto::KeyType::kP256, rng);
}

protocol::HttpResponse reply(std::string_view body, std::string_view cookie = {}) {
  protocol::HttpResponse out{.status = 200, .headers = {}, .body = to_buffer(as_bytes(body))};
  if (!cookie.empty()) {
    out.headers.emplace_back("Set-Cookie", "kbs-session-id=" + std::string(cookie));
  }
  return out;
}

}  // namespace

Attester::Attester() : key_(new_key()) {
  token::Jwk jwk{key_.public_key(), "", "ECDH-ES+A256KW", "", {}};
  jwk_ = token::to_json(jwk);
}

protocol::kbs::Client Attester::client(std::optional<protocol::kbs::InitData> init_data) const {
  return protocol::kbs::Client(
      {.tee = "sgx", .tee_pubkey = jwk_, .init_data = std::move(init_data)});
}

Opened open_session(const Broker& broker, const Attester& attester, UnixTime now,
                    std::optional<protocol::kbs::InitData> init_data) {
  Opened out{"", attester.client(std::move(init_data))};
  const auto request = out.client.auth();
  EXPECT_TRUE(request);
  const auto challenge = broker.auth(request->body, now);
  EXPECT_TRUE(challenge) << challenge.error().body.detail;
  if (!challenge) return out;
  out.cookie = challenge->cookie;
  EXPECT_TRUE(out.client.on_challenge(reply(challenge->body, challenge->cookie)));
  return out;
}

std::string message(Opened& session, Bytes report_data) {
  const auto request = session.client.attest(R"({"report_data":")" + to_hex(report_data) + "\"}");
  EXPECT_TRUE(request);
  return request ? std::string(as_text(request->body)) : std::string();
}

std::string attested(const Broker& broker, const Attester& attester, UnixTime now) {
  Opened session = open_session(broker, attester, now);
  const std::string body = message(session, session.client.report_data());
  const auto answer = broker.attest(session.cookie, as_bytes(body), now);
  EXPECT_TRUE(answer) << answer.error().body.detail;
  if (!answer) return {};
  EXPECT_TRUE(session.client.on_token(reply(*answer)));
  return session.client.token();
}

}  // namespace ward::broker::test_support
