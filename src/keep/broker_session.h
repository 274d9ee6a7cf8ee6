#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "keep/agent.h"
#include "protocol/kbs/client.h"

// One attestation of a keep to its broker, and the keys that are asked for by it.
namespace ward::keep {

// kDeviceSubject is the subject of a Trouble with the device.
inline constexpr std::string_view kDeviceSubject = "device";

// Trouble is why a stage of the agent's work failed: what its report says.
struct Trouble {
  Ending ending = Ending::kInternal;
  std::string subject;
  std::string detail;
  // The broker decided, and asking again does not change it: refused, or gone.
  bool decided = false;
};

// ReleasedKey is a resource as the broker keeps it, and for how long: nullopt: for good.
struct ReleasedKey {
  SecretBytes key;
  std::optional<std::uint32_t> seconds;
};

// BrokerSession borrows the agent's world and the keep's private key, to which keys are encrypted.
// Every wait is bounded by parts.deadline, which the caller starts. One thread at a time.
class BrokerSession {
 public:
  BrokerSession(const AgentParts& parts, const crypto::PrivateKey& key)
      : parts_(parts), key_(key) {}

  // attest connects and goes through the protocol with a nonce of its own. Once, first.
  [[nodiscard]] std::optional<Trouble> attest();

  // fetch gets the key of an input.
  [[nodiscard]] Result<ReleasedKey, Trouble> fetch(const std::string& resource);

  // token is the attestation result; valid after attest.
  [[nodiscard]] const std::string& token() const { return client_->token(); }

 private:
  [[nodiscard]] Result<void> challenge();
  [[nodiscard]] Result<void> prove(const Evidence& evidence);
  [[nodiscard]] Result<ReleasedKey> ask(const std::string& resource);
  [[nodiscard]] Trouble trouble(const Error& error, const std::string& subject) const;

  const AgentParts& parts_;
  const crypto::PrivateKey& key_;
  std::unique_ptr<protocol::Exchange> exchange_;
  std::optional<protocol::kbs::Client> client_;
};

}  // namespace ward::keep
