#include <algorithm>
#include <utility>

#include "broker/people.h"
#include "server/admin_auth.h"
#include "server/client_certificate.h"
#include "server/key_file.h"

// Who administers a service by the rows of its store.
namespace ward::server {
namespace {

using broker::Person;

broker::Actor actor_of(const Person& person) {
  return {.name = person.name, .role = person.role, .repositories = person.repositories};
}

// people_but reads all whose name is not `configured`: whoever the configuration names is nobody
// else.
Result<std::vector<Person>> people_but(const broker::Service& service,
                                       std::span<const Administrator> configured) {
  std::vector<Person> out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, broker::load_people(view, service.keys));
    return {};
  }));
  std::erase_if(out, [&](const Person& person) {
    return std::ranges::any_of(
        configured, [&](const Administrator& one) { return one.actor.name == person.name; });
  });
  return out;
}

broker::Refusal no_such_means(std::string found, std::string expected) {
  auto out = broker::refuse(409, "AdministratorError", broker::CheckId::kPersonSignIn);
  out.found = std::move(found);
  out.expected = std::move(expected);
  return out;
}

}  // namespace

Result<std::optional<Administrator>> stored_administrator(const broker::Service& service,
                                                          std::string_view name) {
  std::optional<Administrator> out;
  if (!broker::is_name(name)) return out;
  WARD_CHECK_OK(service.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(const auto one, broker::load_person(view, service.keys, name));
    const auto* key = one ? std::get_if<crypto::PublicKey>(&one->proof) : nullptr;
    if (key != nullptr) {
      out = Administrator{.actor = actor_of(*one), .key = verifier_of(*key), .kbs_client = false};
    }
    return {};
  }));
  return out;
}

Result<std::vector<Administrator>> stored_certificates(const broker::Service& service,
                                                       std::span<const Administrator> configured) {
  std::vector<Administrator> out;
  WARD_TRY(const auto people, people_but(service, configured));
  for (const Person& person : people) {
    Administrator one{.actor = actor_of(person)};
    if (const auto* pin = std::get_if<broker::KeyPin>(&person.proof)) {
      one.spki_sha256.push_back(pin->spki_sha256);
      out.push_back(std::move(one));
    } else if (const auto* proof = std::get_if<broker::CertificateName>(&person.proof)) {
      const auto name = certificate_name(proof->name);
      if (!name) return Error(Errc::kMalformed, "admin: a certificate's name in a row");
      one.certificate_names.push_back(*name);
      out.push_back(std::move(one));
    }
  }
  return out;
}

Result<std::vector<OidcRule>> stored_rules(const broker::Service& service,
                                           std::span<const Administrator> configured,
                                           const OidcProvider& provider) {
  std::vector<OidcRule> out;
  WARD_TRY(const auto people, people_but(service, configured));
  for (const Person& person : people) {
    const auto* claim = std::get_if<broker::ClaimProof>(&person.proof);
    if (claim == nullptr || claim->issuer != provider.issuer) continue;
    OidcRule rule{.claim = claim->claim, .value = claim->value, .actor = actor_of(person)};
    if (!claim->of_one()) rule.actor.name.clear();  // more than one may fit
    out.push_back(std::move(rule));
  }
  // What is said of somebody himself comes before what is said of a group that he is in.
  std::ranges::stable_partition(out, [](const OidcRule& rule) { return !rule.actor.name.empty(); });
  return out;
}

broker::Answer<void> check_means(const broker::PersonProof& proof, const SignInMeans& means,
                                 std::string_view tenant) {
  if (const auto* claim = std::get_if<broker::ClaimProof>(&proof)) {
    const bool known = std::ranges::any_of(means.providers, [&](const OidcProvider& one) {
      return one.issuer == claim->issuer && serves_tenant(one, tenant);
    });
    if (!known) return no_such_means(claim->issuer, "an issuer that this tenant may use");
  }
  const bool named = std::holds_alternative<broker::CertificateName>(proof);
  if (named && !means.names)
    return no_such_means("a certificate's name", "a service with client_ca");
  if (std::holds_alternative<broker::KeyPin>(proof) && !means.certificates) {
    return no_such_means("a certificate", "a service that asks for certificates");
  }
  return {};
}

}  // namespace ward::server
