#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "broker/broker.h"
#include "crypto/sign.h"
#include "protocol/kbs/client.h"

namespace ward::broker::test_support {

// Attester is a keep as the broker sees it: a key pair and the client's state machine.
class Attester {
 public:
  Attester();

  // jwk is the public key, with alg.
  [[nodiscard]] const std::string& jwk() const { return jwk_; }

  [[nodiscard]] const crypto::PrivateKey& key() const { return key_; }

  // client makes a new session's state machine.
  [[nodiscard]] protocol::kbs::Client client(
      std::optional<protocol::kbs::InitData> init_data = std::nullopt) const;

 private:
  crypto::PrivateKey key_;
  std::string jwk_;
};

// Session is a challenge as the attester got it.
struct Opened {
  std::string cookie;
  protocol::kbs::Client client;
};

// open_session asks for a challenge; the test fails where it is refused.
[[nodiscard]] Opened open_session(const Broker& broker, const Attester& attester, UnixTime now,
                                  std::optional<protocol::kbs::InitData> init_data = std::nullopt);

// message is the body of /attest with the fake's evidence for `report_data`.
[[nodiscard]] std::string message(Opened& session, Bytes report_data);

// attested goes through both steps and returns the token; the test fails where it is refused.
[[nodiscard]] std::string attested(const Broker& broker, const Attester& attester, UnixTime now);

}  // namespace ward::broker::test_support
