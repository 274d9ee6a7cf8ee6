#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "protocol/kbs/message.h"

namespace ward::broker {

// Session is what /auth promised. It is kept by the client alone, sealed in the cookie.
struct Session {
  protocol::kbs::Version version = protocol::kbs::kVersions.front();
  std::string tee;
  std::array<std::uint8_t, protocol::kbs::kNonceBytes> nonce{};
  UnixTime expires;

  // nonce_text is the nonce as messages carry it.
  [[nodiscard]] std::string nonce_text() const;

  // row_key is where the nonce's use is recorded: expiry first, so that the store's order is that
  // of forgetting, then the nonce's digest.
  [[nodiscard]] std::string row_key() const;

  friend bool operator==(const Session&, const Session&) = default;
};

// row_expiry reads the expiry back from a row_key. kMalformed.
[[nodiscard]] Result<UnixTime> row_expiry(std::string_view row_key);

// SessionUse is what a session was given for: one of another use does not open.
enum class SessionUse : std::uint8_t {
  kKbs,        // the KBS protocol's /auth
  kAppraisal,  // /v1/nonce
};

// SessionSealer seals sessions for the client to keep. Thread safe but for `rng`, which must be.
class SessionSealer {
 public:
  explicit SessionSealer(const Secret<32>& key) : key_(SecretBytes::copy_of(key.expose())) {}

  // seal returns base64url text that fits a cookie.
  [[nodiscard]] Result<std::string> seal(const Session& session, crypto::Rng& rng,
                                         SessionUse use = SessionUse::kKbs) const;

  // open is its inverse. kUntrusted for everything that seal did not write under this key, for this
  // use.
  [[nodiscard]] Result<Session> open(std::string_view cookie,
                                     SessionUse use = SessionUse::kKbs) const;

 private:
  SecretBytes key_;  // not Secret: this lies where keys lie (crypto/secret_memory.h)
};

}  // namespace ward::broker
