#include "server/stored_people.h"

#include <algorithm>
#include <utility>

#include "broker/people.h"
#include "server/client_certificate.h"
#include "server/key_file.h"

// Who administers a service by the rows of its store.
namespace ward::server {
namespace {

using broker::Person;

broker::Actor actor_of(const Person& person) {
  return {.name = person.name, .role = person.role, .repositories = person.repositories};
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

// Names of administrators are bounded, and so is what the rows of a service take.
Result<StoredPeople::Rows> StoredPeople::open(store::View& view, const Rows& known,
                                              std::vector<std::string>& damaged) const {
  Rows out;
  WARD_TRY(const auto listed, view.list_keys(broker::kPersonTable, "", "", store::kMaxListed));
  for (const store::ListedKey& row : listed) {
    const auto before = known.find(row.key);
    if (before != known.end() && before->second.version == row.version) {
      out.insert(*before);
      continue;
    }
    auto person = broker::load_person(view, service_.keys, row.key);
    const Errc code = person ? Errc::kMalformed : person.error().code();
    if (!person && code != Errc::kMalformed && code != Errc::kUntrusted) return person.error();
    Opened opened{.version = row.version, .person = nullptr};
    if (person && *person) {
      opened.person = std::make_shared<const Person>(**std::move(person));
    } else {
      damaged.push_back(row.key);
    }
    out.emplace(row.key, std::move(opened));
  }
  return out;
}

// people_but are all whose name is not `configured`: whoever the configuration names is nobody
// else.
Result<std::vector<std::shared_ptr<const Person>>> StoredPeople::people_but(
    std::span<const Administrator> configured) const {
  std::shared_ptr<const Rows> known;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    known = rows_;
  }
  Rows rows;
  std::vector<std::string> damaged;
  WARD_CHECK_OK(service_.store.read([&](store::View& view) -> Result<void> {
    damaged.clear();
    WARD_TRY(rows, open(view, *known, damaged));
    return {};
  }));
  for (const std::string& name : damaged) {
    log_("admin.row_damaged", {{"name", broker::is_name(name) ? name : std::string("?")}});
  }
  std::vector<std::shared_ptr<const Person>> out;
  for (const auto& entry : rows) {
    const bool named = std::ranges::any_of(
        configured, [&](const Administrator& one) { return one.actor.name == entry.first; });
    if (entry.second.person && !named) out.push_back(entry.second.person);
  }
  auto kept = std::make_shared<const Rows>(std::move(rows));
  const std::lock_guard<std::mutex> lock(mutex_);
  rows_ = std::move(kept);
  return out;
}

Result<std::vector<Administrator>> StoredPeople::certificates(
    std::span<const Administrator> configured) const {
  std::vector<Administrator> out;
  WARD_TRY(const auto people, people_but(configured));
  for (const auto& person : people) {
    const auto* pin = std::get_if<broker::KeyPin>(&person->proof);
    const auto* proof = std::get_if<broker::CertificateName>(&person->proof);
    if (pin == nullptr && proof == nullptr) continue;
    Administrator one{.actor = actor_of(*person), .stored = true};
    if (pin != nullptr) {
      one.spki_sha256.push_back(pin->spki_sha256);
    } else if (const auto name = certificate_name(proof->name)) {
      one.certificate_names.push_back(*name);
    }
    out.push_back(std::move(one));
  }
  return out;
}

Result<std::vector<OidcRule>> StoredPeople::rules(std::span<const Administrator> configured,
                                                  const OidcProvider& provider) const {
  std::vector<OidcRule> out;
  WARD_TRY(const auto people, people_but(configured));
  for (const auto& person : people) {
    const auto* claim = std::get_if<broker::ClaimProof>(&person->proof);
    if (claim == nullptr || claim->issuer != provider.issuer) continue;
    OidcRule rule{.claim = claim->claim, .value = claim->value, .actor = actor_of(*person)};
    if (!claim->of_one()) rule.actor.name.clear();  // more than one may fit
    out.push_back(std::move(rule));
  }
  // What is said of somebody himself comes before what is said of a group that he is in.
  std::stable_partition(out.begin(), out.end(),
                        [](const OidcRule& rule) { return !rule.actor.name.empty(); });
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
  if (std::holds_alternative<broker::CertificateName>(proof)) {
    if (!means.names || !lists_tenant(means.names_tenants, tenant)) {
      return no_such_means("a certificate's name",
                           "a service with client_ca, and this tenant in client_ca_tenants");
    }
  }
  if (std::holds_alternative<broker::KeyPin>(proof) && !means.certificates) {
    return no_such_means("a certificate", "a service that asks for certificates");
  }
  return {};
}

}  // namespace ward::server
