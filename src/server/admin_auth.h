#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "token/jws.h"

namespace ward::server {

// How long an administrator's token may live, and how far clocks may differ.
inline constexpr std::int64_t kAdminTokenLife_s = 300;
inline constexpr std::int64_t kAdminSkew_s = 30;

// Administrator is somebody whose key the configuration names.
struct Administrator {
  broker::Actor actor;
  token::JwsKey key;
  bool kbs_client = false;  // his tokens may be Trustee's, on the protocol's routes
};

// TokenForm is what a route takes. Tokens of Trustee's kbs-client say their time alone, for two
// hours: neither who signed them, nor for which server, nor as what.
enum class TokenForm : std::uint8_t { kOwn, kKbs };
inline constexpr std::int64_t kKbsClientTokenLife_s = 7200;

// Expected is what an administrator's token must say.
struct Expected {
  std::string_view audience;
  TokenForm form = TokenForm::kOwn;
  UnixTime now;
};

// authenticate verifies an administrator's token: a JWT signed with exactly the key and algorithm
// that the configuration gives to its issuer, for the audience, at the time, claiming the role that
// he has; of an administrator with kbs_client also one of kbs-client, where the form is kKbs.
// Errors are those of verify_jwt; kDenied where the role is another; kUntrusted where nobody has
// the key.
[[nodiscard]] Result<broker::Actor> authenticate(std::string_view token,
                                                 std::span<const Administrator> administrators,
                                                 const Expected& expected);

// AdminClaims is what the administrator's side signs.
struct AdminClaims {
  std::string name;
  broker::Role role = broker::Role::kOwner;
  std::string audience;
  UnixTime now;
};

// make_admin_token signs a token for one request.
[[nodiscard]] Result<std::string> make_admin_token(const token::JwsSigner& signer,
                                                   const AdminClaims& claims);

// admin_audience names a server by its key: "urn:ward:wardd:<SHA-256 of the TLS key's SPKI>". A
// token that was shown to another server is of no use here.
[[nodiscard]] std::string admin_audience(Bytes spki_sha256);

}  // namespace ward::server
