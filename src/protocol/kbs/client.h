#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "protocol/exchange.h"
#include "protocol/kbs/lease.h"
#include "protocol/kbs/message.h"

namespace ward::protocol::kbs {

// ClientOptions is what a client says of itself in the handshake.
struct ClientOptions {
  std::string tee;                    // "sgx"
  std::string tee_pubkey;             // JWK of the key that replies are encrypted to, alg included
  std::optional<InitData> init_data;  // the manifest
};

// No longer token is sent in a header: servers bound those.
inline constexpr std::size_t kMaxBearerBytes = std::size_t{16} << 10U;

// Client is the attester's side of the protocol, without sockets: it makes requests and reads
// replies. The order is auth, on_challenge, attest, on_token, then get and on_resource any number
// of times; a call out of order is kInternal. After an error the session is over: begin a new one.
//
//   Client client(options);
//   WARD_TRY(auto challenge, exchange.exchange(*client.auth()));
//   WARD_CHECK_OK(client.on_challenge(challenge));
//   WARD_TRY(Evidence evidence, device.evidence(client.report_data()));
//   ...
class Client {
 public:
  explicit Client(ClientOptions options);

  [[nodiscard]] Result<HttpRequest> auth();
  [[nodiscard]] Result<void> on_challenge(const HttpResponse& reply);

  // report_data is what the evidence must carry; valid after on_challenge.
  [[nodiscard]] const std::array<std::uint8_t, kReportDataBytes>& report_data() const {
    return report_data_;
  }

  // attest makes the message around one JSON value, "primary_evidence".
  [[nodiscard]] Result<HttpRequest> attest(std::string_view primary_evidence);
  [[nodiscard]] Result<void> on_token(const HttpResponse& reply);

  // token is the attestation result (a JWT), not verified here; valid after on_token.
  [[nodiscard]] const std::string& token() const { return token_; }

  // get asks within the session, and by the token too where that is no longer than kMaxBearerBytes.
  [[nodiscard]] Result<HttpRequest> get(const ResourcePath& path) const;

  // on_resource returns the flattened JWE of the reply: open it with token/jwe.h and the private
  // key of tee_pubkey. kMalformed, kLimit: it came for a time that cannot be read.
  [[nodiscard]] Result<std::string> on_resource(const HttpResponse& reply);

  // lease is for how long the last resource was released; nullopt: for good.
  [[nodiscard]] const std::optional<LeaseTerm>& lease() const { return lease_; }

  // refusal is what the broker said with the last reply that was not 200: on_* then returned
  // kDenied (401, 403), kUnavailable (404: no such resource; 429 and 5xx: not now) or kMalformed
  // (another status). nullopt where the broker said nothing that can be read.
  [[nodiscard]] const std::optional<ErrorBody>& refusal() const { return refusal_; }

  // decided is true where the last reply was a decision against this client that asking again does
  // not change: 401 and 403, and 404 for a resource that is not there any more.
  [[nodiscard]] bool decided() const { return decided_; }

 private:
  enum class State : std::uint8_t { kNew, kAsked, kChallenged, kAttesting, kAttested, kOver };

  Result<void> accept_status(const HttpResponse& reply);

  ClientOptions options_;
  State state_ = State::kNew;
  std::string cookie_;  // "kbs-session-id=..."
  std::string nonce_;
  std::array<std::uint8_t, kReportDataBytes> report_data_{};
  std::string token_;
  std::optional<LeaseTerm> lease_;
  std::optional<ErrorBody> refusal_;
  bool decided_ = false;
};

}  // namespace ward::protocol::kbs
