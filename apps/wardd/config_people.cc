#include "apps/wardd/config_people.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "apps/wardd/config_section.h"
#include "broker/tenant.h"
#include "server/client_certificate.h"
#include "server/key_file.h"

namespace ward::wardd {
namespace {

using server::Administrator;
using server::OidcProvider;
using server::OidcRule;
using token::JwsAlgorithm;

constexpr std::int64_t kMaxTokenAge_s = 86400;
constexpr std::int64_t kMaxFresh_s = 3600;
constexpr std::int64_t kMaxKept_s = std::int64_t{7} * 86400;
constexpr std::array kAlgorithms = {JwsAlgorithm::kEs256, JwsAlgorithm::kEdDsa,
                                    JwsAlgorithm::kPs256, JwsAlgorithm::kRs256};

// read_role reads what a person may do.
Result<void, Diag> read_role(const Section& section, broker::Actor& actor) {
  WARD_TRY(const std::string role, section.text("role"));
  const auto known = broker::role_of(role);
  if (!known) {
    return section.wrong(
        "role",
        "\"administrator\", \"verifier-owner\", \"policy-author\", \"owner\", \"auditor\" or "
        "\"operator\"");
  }
  actor.role = *known;
  WARD_TRY(actor.repositories, section.texts("repositories"));
  if ((actor.role == broker::Role::kOwner) == actor.repositories.empty()) {
    return section.wrong("repositories", "the names of an owner's repositories, of nobody else's");
  }
  return {};
}

Result<token::JwsKey, Diag> read_key(const Section& section) {
  WARD_TRY(const std::string base64, section.text("public_key"));
  const auto der = from_base64(base64, Base64::kStandard);
  const auto key = der ? crypto::PublicKey::from_spki(*der)
                       : Result<crypto::PublicKey>(Error(Errc::kMalformed, "config: key"));
  const bool usable =
      key && (key->type() == crypto::KeyType::kEd25519 || key->type() == crypto::KeyType::kP256);
  if (!usable) {
    return section.wrong("public_key", "an Ed25519 or P-256 SubjectPublicKeyInfo, DER in base64");
  }
  return server::verifier_of(*key);
}

Result<std::vector<crypto::Sha256Digest>, Diag> read_digests(const Section& section,
                                                             std::string_view key) {
  std::vector<crypto::Sha256Digest> out;
  WARD_TRY(const std::vector<std::string> texts, section.text_or_texts(key));
  for (const std::string& text : texts) {
    const auto octets = from_hex(text);
    const auto digest = octets ? to_array<32>(*octets) : std::nullopt;
    if (!digest) return section.wrong(key, "32 octets in hex, or a list of them");
    out.push_back(*digest);
  }
  return out;
}

Result<void, Diag> read_certificates(const Section& section, bool with_client_ca,
                                     Administrator& person) {
  WARD_TRY(person.certificate_sha256, read_digests(section, "certificate_sha256"));
  WARD_TRY(person.spki_sha256, read_digests(section, "spki_sha256"));
  WARD_TRY(const std::vector<std::string> names, section.text_or_texts("certificate_name"));
  if (!names.empty() && !with_client_ca) {
    return section.wrong("certificate_name", "a client_ca that vouches for names");
  }
  for (const std::string& text : names) {
    const auto name = server::certificate_name(text);
    if (!name) {
      return section.wrong("certificate_name", "\"dns:...\", \"email:...\" or \"uri:...\"");
    }
    person.certificate_names.push_back(*name);
  }
  return {};
}

Result<Administrator, Diag> read_administrator(const Section& section, bool with_client_ca) {
  WARD_CHECK_OK(section.only({"name", "role", "repositories", "public_key", "kbs_client",
                              "certificate_sha256", "spki_sha256", "certificate_name"}));
  Administrator person;
  WARD_TRY(person.actor.name, section.text("name"));
  if (!server::valid_name(person.actor.name)) {
    return section.wrong("name", "1 to 64 of A-Z a-z 0-9 . _ -");
  }
  WARD_CHECK_OK(read_role(section, person.actor));
  if (section.has("public_key")) {
    WARD_TRY(person.key, read_key(section));
  }
  if (section.has("kbs_client")) {
    WARD_TRY(person.kbs_client, section.boolean("kbs_client"));
    if (person.kbs_client && !person.key) return section.wrong("kbs_client", "a public_key");
  }
  WARD_CHECK_OK(read_certificates(section, with_client_ca, person));
  return person;
}

template <class T>
bool share(const std::vector<T>& a, const std::vector<T>& b) {
  return std::ranges::any_of(a, [&](const T& one) { return std::ranges::count(b, one) > 0; });
}

// Nobody shares with another what he is known by.
Result<void, Diag> check_apart(const Section& section, const Administrator& person,
                               const std::vector<Administrator>& others) {
  for (const Administrator& other : others) {
    if (other.actor.name == person.actor.name) {
      return section.wrong("name", "a name that is not taken");
    }
    const std::pair<const char*, bool> shared[] = {
        {"certificate_sha256", share(person.certificate_sha256, other.certificate_sha256)},
        {"spki_sha256", share(person.spki_sha256, other.spki_sha256)},
        {"certificate_name", share(person.certificate_names, other.certificate_names)}};
    for (const auto& [key, both] : shared) {
      if (both) return section.wrong(key, "what is no other administrator's");
    }
  }
  return {};
}

Result<OidcRule, Diag> read_rule(const Section& section,
                                 const std::vector<Administrator>& administrators) {
  WARD_CHECK_OK(section.only({"claim", "value", "role", "repositories", "administrator"}));
  OidcRule rule;
  WARD_TRY(rule.claim, section.text_or_texts("claim"));
  if (rule.claim.empty() || rule.claim.size() > server::kMaxClaimDepth) {
    return section.wrong("claim", "a claim's name, or the 1 to 8 names that lead to it");
  }
  WARD_TRY(rule.value, section.text("value"));
  if (!section.has("administrator")) {
    WARD_CHECK_OK(read_role(section, rule.actor));
    return rule;
  }
  WARD_TRY(const std::string name, section.text("administrator"));
  // More than one person would stand in the ledger under one name.
  if (rule.claim != std::vector<std::string>{"sub"}) {
    return section.wrong("administrator", "the claim \"sub\", which is one person's");
  }
  if (section.has("role") || section.has("repositories")) {
    return section.wrong("administrator", "no role beside it: it is the administrator's");
  }
  const auto found = std::ranges::find_if(
      administrators, [&](const Administrator& one) { return one.actor.name == name; });
  if (found == administrators.end()) {
    return section.wrong("administrator", "the name of an [[administrator]]");
  }
  rule.actor = found->actor;
  return rule;
}

Result<void, Diag> read_algorithms(const Section& section, OidcProvider& provider) {
  WARD_TRY(const std::vector<std::string> names, section.text_or_texts("algorithms"));
  for (const std::string& name : names) {
    const auto algorithm = token::jws_algorithm(name);
    if (!algorithm || std::ranges::count(kAlgorithms, *algorithm) == 0) {
      return section.wrong("algorithms", "some of ES256, EdDSA, PS256 and RS256");
    }
    provider.algorithms.push_back(*algorithm);
  }
  if (names.empty()) provider.algorithms.assign(kAlgorithms.begin(), kAlgorithms.end());
  return {};
}

Result<void, Diag> read_token(const Section& section, OidcProvider& provider) {
  WARD_TRY(provider.audience, section.text("audience"));
  if (section.has("token")) {
    WARD_TRY(const std::string token, section.text("token"));
    if (token != "access" && token != "id") return section.wrong("token", "\"access\" or \"id\"");
    provider.token = token == "id" ? server::OidcToken::kIdToken : server::OidcToken::kAccessToken;
  }
  WARD_TRY(provider.clients, section.text_or_texts("clients"));
  if ((provider.token == server::OidcToken::kAccessToken) == provider.clients.empty()) {
    return section.wrong("clients",
                         "the client ids that access tokens may be given to; none for ID tokens, "
                         "whose audience is the client");
  }
  WARD_TRY(provider.max_age_s, section.number("max_token_age_seconds", kMaxTokenAge_s, 3600));
  if (provider.max_age_s == 0) {
    return section.wrong("max_token_age_seconds", "a number from 1 to 86400");
  }
  return read_algorithms(section, provider);
}

Result<void, Diag> read_times(const Section& section, server::KeyTimes& times) {
  WARD_TRY(times.fresh_s, section.number("keys_seconds", kMaxFresh_s, times.fresh_s));
  WARD_TRY(times.refetch_s, section.number("refetch_seconds", kMaxFresh_s, times.refetch_s));
  WARD_TRY(times.kept_s, section.number("keys_kept_seconds", kMaxKept_s, times.kept_s));
  if (times.refetch_s == 0) return section.wrong("refetch_seconds", "a number from 1 to 3600");
  if (times.kept_s < times.fresh_s) {
    return section.wrong("keys_kept_seconds", "no less than keys_seconds");
  }
  return {};
}

Result<OidcConfig, Diag> read_oidc(const Section& section,
                                   const std::vector<Administrator>& administrators) {
  WARD_CHECK_OK(section.only({"name", "issuer", "audience", "token", "clients", "algorithms", "ca",
                              "jwks", "max_token_age_seconds", "keys_seconds", "refetch_seconds",
                              "keys_kept_seconds", "rule", "tenants"}));
  OidcConfig out;
  OidcProvider& provider = out.provider;
  WARD_TRY(provider.name, section.text("name"));
  if (!server::valid_name(provider.name)) {
    return section.wrong("name", "1 to 64 of A-Z a-z 0-9 . _ -");
  }
  WARD_TRY(provider.issuer, section.text("issuer"));
  const bool plain = std::ranges::all_of(provider.issuer, [](char c) {
    return c > ' ' && c < 0x7f && c != '?' && c != '#' && c != '"';
  });
  if (!provider.issuer.starts_with("https://") || !plain) {
    return section.wrong("issuer", "the issuer's https URL, as its tokens have it");
  }
  WARD_CHECK_OK(read_token(section, provider));
  WARD_CHECK_OK(read_times(section, provider.times));
  if (section.has("ca") == section.has("jwks")) {
    return section.wrong("ca", "either `ca`, the CA of the issuer's TLS, or `jwks`, its key set");
  }
  const char* const source = section.has("ca") ? "ca" : "jwks";
  WARD_TRY((section.has("ca") ? out.ca : out.jwks), section.text(source));
  WARD_TRY(const auto rules, section.sections("rule"));
  for (const Section& one : rules) {
    WARD_TRY(OidcRule rule, read_rule(one, administrators));
    provider.rules.push_back(std::move(rule));
  }
  WARD_TRY(provider.tenants, section.text_or_texts("tenants"));
  WARD_CHECK_OK(check_tenants(section, "tenants", provider.tenants));
  if (rules.empty() && provider.tenants.empty()) {
    return section.wrong("rule", "at least one [[oidc.rule]], or `tenants` that may use it");
  }
  return out;
}

bool names(const std::vector<OidcConfig>& oidc, const std::string& name) {
  return std::ranges::any_of(oidc, [&](const OidcConfig& one) {
    return std::ranges::any_of(one.provider.rules,
                               [&](const OidcRule& rule) { return rule.actor.name == name; });
  });
}

}  // namespace

Result<void, Diag> check_tenants(const Section& section, std::string_view key,
                                 const std::vector<std::string>& tenants) {
  for (const std::string& one : tenants) {
    if (one == "*" || broker::is_tenant_id(one)) continue;
    return section.wrong(key, "the ids of tenants that may use it, or \"*\" for all");
  }
  return {};
}

Result<People, Diag> read_people(const Section& section, bool with_client_ca) {
  People out;
  WARD_TRY(const auto people, section.sections("administrator"));
  for (const Section& one : people) {
    WARD_TRY(Administrator person, read_administrator(one, with_client_ca));
    WARD_CHECK_OK(check_apart(one, person, out.administrators));
    out.administrators.push_back(std::move(person));
  }
  WARD_TRY(const auto providers, section.sections("oidc"));
  for (const Section& one : providers) {
    WARD_TRY(OidcConfig oidc, read_oidc(one, out.administrators));
    for (const OidcConfig& other : out.oidc) {
      if (other.provider.name == oidc.provider.name) {
        return one.wrong("name", "a name that is not taken");
      }
      if (other.provider.issuer == oidc.provider.issuer) {
        return one.wrong("issuer", "an issuer that is not taken");
      }
    }
    out.oidc.push_back(std::move(oidc));
  }
  for (std::size_t i = 0; i < people.size(); ++i) {
    const Administrator& person = out.administrators[i];
    const bool certificate = !person.certificate_sha256.empty() || !person.spki_sha256.empty() ||
                             !person.certificate_names.empty();
    if (!person.key && !certificate && !names(out.oidc, person.actor.name)) {
      return people[i].wrong("public_key",
                             "a public_key, a certificate, or an [[oidc.rule]] that names him");
    }
  }
  return out;
}

}  // namespace ward::wardd
