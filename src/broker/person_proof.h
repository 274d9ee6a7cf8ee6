#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/digest.h"
#include "crypto/sign.h"

// What an administrator of the store signs in with (docs/tenants.md, Administrators).
namespace ward::broker {

// Bounds on what a row names.
inline constexpr std::size_t kMaxIssuerBytes = 512;
inline constexpr std::size_t kMaxClaimNames = 8;
inline constexpr std::size_t kMaxClaimBytes = 256;  // of each name, and of the value
inline constexpr std::size_t kMaxCertificateNameBytes = 256;

// ClaimProof is a token of an issuer of OpenID Connect that holds `value` at `claim`.
struct ClaimProof {
  std::string issuer;              // its URL, as `iss` has it
  std::vector<std::string> claim;  // the names that lead to it: {"realm_access", "roles"}
  std::string value;               // equal to the claim's text, or to one that it lists

  // of_one is true of {"sub"}, which is one person's: he has the row's name. Whoever else fits has
  // the provider's name and his subject.
  [[nodiscard]] bool of_one() const { return claim == std::vector<std::string>{"sub"}; }

  friend bool operator==(const ClaimProof&, const ClaimProof&) = default;
};

// KeyPin is a TLS client certificate with this key: SHA-256 of its SubjectPublicKeyInfo.
struct KeyPin {
  crypto::Sha256Digest spki_sha256{};
  friend bool operator==(const KeyPin&, const KeyPin&) = default;
};

// CertificateName is a TLS client certificate below the service's client CA that has this
// subjectAltName: "dns:...", "email:..." or "uri:...".
struct CertificateName {
  std::string name;
  friend bool operator==(const CertificateName&, const CertificateName&) = default;
};

// PersonProof is one of them; a key (Ed25519 or P-256) signs its owner's own tokens.
using PersonProof = std::variant<crypto::PublicKey, ClaimProof, KeyPin, CertificateName>;

// check_proof is why nobody can sign in so: a key of another kind, a text that is empty, too long
// or of no such form. nullopt: somebody can.
[[nodiscard]] std::optional<std::string> check_proof(const PersonProof& proof);

// same_proof is true where a token or a certificate of the one would be the other's, too. Never of
// keys: their tokens say a name.
[[nodiscard]] bool same_proof(const PersonProof& a, const PersonProof& b);

// write_proof writes the member of the object that is open which read_proof reads: "public_key"
// (SubjectPublicKeyInfo, base64), "oidc" ({"issuer", "claim": [...], "value"}), "spki_sha256" (hex)
// or "certificate_name".
void write_proof(codec::JsonWriter& w, const PersonProof& proof);

// tell_proof writes it as leaves and answers have it: a key as "key", its RFC 7638 thumbprint.
void tell_proof(codec::JsonWriter& w, const PersonProof& proof);

// is_proof_member is true for the names of write_proof's members.
[[nodiscard]] bool is_proof_member(std::string_view name);

// read_proof reads such a member. The error is what was expected there: a literal.
[[nodiscard]] Result<PersonProof, std::string_view> read_proof(std::string_view name,
                                                               const codec::JsonValue& value);

}  // namespace ward::broker
