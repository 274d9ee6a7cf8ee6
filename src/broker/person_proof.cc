#include "broker/person_proof.h"

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>

#include "base/bytes.h"
#include "token/jwk.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::array<std::string_view, 4> kMembers = {"public_key", "oidc", "spki_sha256",
                                                      "certificate_name"};
constexpr std::array<std::string_view, 3> kNames = {"dns:", "email:", "uri:"};

// What stands in leaves, lines and answers as it is: printable ASCII.
bool is_plain(std::string_view text, std::size_t most) {
  return !text.empty() && text.size() <= most &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

std::optional<std::string> wrong_claim(const ClaimProof& proof) {
  const bool url = proof.issuer.starts_with("https://") &&
                   proof.issuer.find_first_of("?#\"") == std::string::npos;
  if (!url || !is_plain(proof.issuer, kMaxIssuerBytes)) {
    return "oidc.issuer: expected the issuer's https URL, as its tokens have it";
  }
  const bool names = !proof.claim.empty() && proof.claim.size() <= kMaxClaimNames &&
                     std::ranges::all_of(proof.claim, [](const std::string& one) {
                       return !one.empty() && one.size() <= kMaxClaimBytes;
                     });
  if (!names) {
    return "oidc.claim: expected the 1 to 8 names that lead to it, each of at most 256 octets";
  }
  if (proof.value.empty() || proof.value.size() > kMaxClaimBytes) {
    return "oidc.value: expected 1 to 256 octets";
  }
  return std::nullopt;
}

void write_claim(JsonWriter& w, const ClaimProof& proof) {
  w.name("oidc").begin_object().member("issuer", proof.issuer).name("claim").begin_array();
  for (const std::string& one : proof.claim) {
    w.string(one);
  }
  w.end_array().member("value", proof.value).end_object();
}

// write_other writes what is no key.
void write_other(JsonWriter& w, const PersonProof& proof) {
  if (const auto* claim = std::get_if<ClaimProof>(&proof)) write_claim(w, *claim);
  if (const auto* pin = std::get_if<KeyPin>(&proof)) {
    w.member("spki_sha256", to_hex(pin->spki_sha256));
  }
  if (const auto* name = std::get_if<CertificateName>(&proof)) {
    w.member("certificate_name", name->name);
  }
}

std::optional<ClaimProof> read_claim(const JsonValue& value) {
  ClaimProof out;
  for (const auto& [name, member] : value.members()) {
    if (name == "issuer" && member.as_string()) {
      out.issuer = *member.as_string();
    } else if (name == "value" && member.as_string()) {
      out.value = *member.as_string();
    } else if (name == "claim" && member.is_array()) {
      for (const JsonValue& item : member.items()) {
        if (!item.as_string()) return std::nullopt;
        out.claim.emplace_back(*item.as_string());
      }
    } else {
      return std::nullopt;
    }
  }
  return out;  // what is missing, check_proof says
}

}  // namespace

std::optional<std::string> check_proof(const PersonProof& proof) {
  if (const auto* key = std::get_if<crypto::PublicKey>(&proof)) {
    const auto type = key->type();
    if (type == crypto::KeyType::kEd25519 || type == crypto::KeyType::kP256) return std::nullopt;
    return "public_key: expected an Ed25519 or P-256 key";
  }
  if (const auto* claim = std::get_if<ClaimProof>(&proof)) return wrong_claim(*claim);
  if (const auto* name = std::get_if<CertificateName>(&proof)) {
    const bool known = std::ranges::any_of(kNames, [&](std::string_view kind) {
      return name->name.starts_with(kind) && name->name.size() > kind.size();
    });
    if (!known || !is_plain(name->name, kMaxCertificateNameBytes)) {
      return "certificate_name: expected \"dns:...\", \"email:...\" or \"uri:...\"";
    }
  }
  return std::nullopt;
}

bool same_proof(const PersonProof& a, const PersonProof& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b](const auto& mine) {
        using Kind = std::decay_t<decltype(mine)>;
        if constexpr (std::is_same_v<Kind, crypto::PublicKey>) {
          return false;
        } else {
          return mine == std::get<Kind>(b);
        }
      },
      a);
}

void write_proof(JsonWriter& w, const PersonProof& proof) {
  if (const auto* key = std::get_if<crypto::PublicKey>(&proof)) {
    w.member("public_key", to_base64(key->to_spki(), Base64::kStandard));
  }
  write_other(w, proof);
}

void tell_proof(JsonWriter& w, const PersonProof& proof) {
  if (const auto* key = std::get_if<crypto::PublicKey>(&proof)) {
    w.member("key", token::thumbprint(*key));
  }
  write_other(w, proof);
}

bool is_proof_member(std::string_view name) {
  return std::ranges::find(kMembers, name) != kMembers.end();
}

Result<PersonProof, std::string_view> read_proof(std::string_view name, const JsonValue& value) {
  const std::string_view word = value.as_string().value_or("");
  if (name == "public_key") {
    const auto der = from_base64(word, Base64::kStandard);
    auto key = der ? crypto::PublicKey::from_spki(*der)
                   : Result<crypto::PublicKey>(Error(Errc::kMalformed, "broker: public key"));
    if (key) return PersonProof(*std::move(key));
    return std::string_view("a SubjectPublicKeyInfo, DER in base64");
  }
  if (name == "oidc") {
    auto claim = value.is_object() ? read_claim(value) : std::nullopt;
    if (claim) return PersonProof(*std::move(claim));
    return std::string_view("an object of issuer, claim (a list of texts) and value");
  }
  if (name == "spki_sha256") {
    const auto octets = from_hex(word);
    const auto digest = octets ? to_array<32>(*octets) : std::nullopt;
    if (digest) return PersonProof(KeyPin{*digest});
    return std::string_view("32 octets in hex");
  }
  if (name == "certificate_name" && !word.empty()) {
    return PersonProof(CertificateName{std::string(word)});
  }
  return std::string_view("\"dns:...\", \"email:...\" or \"uri:...\"");
}

}  // namespace ward::broker
