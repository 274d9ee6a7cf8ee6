#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/person_proof.h"
#include "crypto/digest.h"
#include "pki/certificate.h"
#include "protocol/exchange.h"
#include "server/oidc.h"
#include "token/jws.h"

namespace ward::server {

// How long an administrator's own token may live, and how far clocks may differ.
inline constexpr std::int64_t kAdminTokenLife_s = 300;
inline constexpr std::int64_t kAdminSkew_s = 30;

// The type of refusals of who somebody is.
inline constexpr std::string_view kAdminType = "AdminAuthAccess";

// Administrator is somebody whom the configuration names, or a row of the store, and what he may
// prove it with: at least one of key, certificates and a provider's rule.
struct Administrator {
  broker::Actor actor;
  std::optional<token::JwsKey> key{};
  bool kbs_client = false;  // his tokens may be Trustee's, on the protocol's routes
  // His TLS client certificates: digests of whole ones, digests of their keys
  // (SubjectPublicKeyInfo), and subjectAltNames below the service's client CA.
  std::vector<crypto::Sha256Digest> certificate_sha256{};
  std::vector<crypto::Sha256Digest> spki_sha256{};
  std::vector<pki::GeneralName> certificate_names{};
  bool stored = false;  // a row: where a certificate is also one's of the configuration, his alone
};

// TokenForm is what a route takes. Tokens of Trustee's kbs-client say their time alone, for two
// hours: neither who signed them, nor for which server, nor as what.
enum class TokenForm : std::uint8_t { kOwn, kKbs };
inline constexpr std::int64_t kKbsClientTokenLife_s = 7200;

// Expected is what an administrator's token must say.
struct Expected {
  std::string_view audience;  // of his own tokens: admin_audience()
  TokenForm form = TokenForm::kOwn;
  UnixTime now;
};

// Credentials are all that a request shows of who asks. Borrowed from it.
struct Credentials {
  std::optional<std::string_view> bearer;  // RFC 6750 section 2.1
  std::span<const Buffer> certificates;    // HttpRequest::client_certificates
};

[[nodiscard]] Credentials credentials_of(const protocol::HttpRequest& request);

// ClientTrust is what vouches for names in client certificates, and what takes it back. Borrowed.
struct ClientTrust {
  std::span<const pki::Certificate> ca;
  std::optional<std::span<const pki::Crl>> crls{};  // nullopt: revocation is not looked at
  // As PathOptions::list_holds.
  std::function<bool(const pki::Crl&, const pki::Certificate&)> list_holds{};
};

// Authorities are who may be an administrator of a service, or of a part of it. Borrowed.
struct Authorities {
  std::span<const Administrator> administrators;
  std::span<const OidcProvider> providers;
  ClientTrust client_trust;
  const OidcKeys* keys = nullptr;  // of the providers; null where there are none
  GrantedRules granted{};          // what is beside the providers' own rules; or empty
};

// authenticate finds the one administrator whom the credentials prove, and how he signed in
// (Actor::sign_in). Whatever is shown must be right: a token beside a certificate does not excuse
// it, and both must name the same person; but a certificate that a provider's token is bound to
// (RFC 8705) need name nobody.
//
// A token that says it is from a provider is judged as oidc_actor does; any other is an
// administrator's own: a JWT signed with exactly the key and algorithm that the configuration
// gives to its issuer, for the audience, at the time, claiming the role that he has; of an
// administrator with kbs_client also one of kbs-client, where the form is kKbs. Certificates are
// judged as certified_administrator does. Refusals: kAdminToken, kAdminRole, kAdminCertificate,
// kAdminIssuerKeys, kAdminPerson.
[[nodiscard]] broker::Answer<broker::Actor> authenticate(const Credentials& credentials,
                                                         const Authorities& authorities,
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

// admin_audience names a server by its key: "urn:ward:wardd:<SHA-256 of the TLS key's SPKI>", and
// of a tenant but the default one ":t:<id>" behind it. A token that was shown to another server, or
// to another tenant, is of no use here.
[[nodiscard]] std::string admin_audience(Bytes spki_sha256, std::string_view tenant = {});

// tenant_in is the tenant that a base path ends with (net::Url::path): "acme" of "/t/acme"; empty
// where it ends with none.
[[nodiscard]] std::string_view tenant_in(std::string_view base_path);

// stored_administrator is who has this name in a service's store (broker/people.h), as he is now;
// nullopt where nobody has, or he signs in without a key. Errors of load_person.
[[nodiscard]] Result<std::optional<Administrator>> stored_administrator(
    const broker::Service& service, std::string_view name);

// SignInMeans is what administrators may sign in with beside keys.
struct SignInMeans {
  std::vector<OidcProvider> providers;
  bool certificates = false;                 // the service asks clients for certificates
  bool names = false;                        // and has a client CA that vouches for names in them
  std::vector<std::string> names_tenants{};  // beside the default one; "*": all
};

// check_means is why nobody of the tenant (empty: the default one) can sign in so: kPersonSignIn,
// 409, with what was found and expected.
[[nodiscard]] broker::Answer<void> check_means(const broker::PersonProof& proof,
                                               const SignInMeans& means, std::string_view tenant);

}  // namespace ward::server
