#include "server/people_routes.h"

#include <functional>
#include <map>
#include <utility>

#include "codec/json.h"
#include "codec/json_write.h"
#include "server/client_certificate.h"
#include "server/person_json.h"
#include "server/responses.h"
#include "token/jwk.h"

namespace ward::server {
namespace {

using broker::CheckId;
using codec::JsonWriter;
using protocol::HttpResponse;

constexpr std::string_view kType = "AdministratorError";
constexpr std::string_view kPeople = "administrators";
constexpr std::string_view kPerson = "administrators/";
constexpr codec::JsonLimits kLimits{.max_bytes = 64U << 10U, .max_depth = 4};

}  // namespace

PeopleRoutes::PeopleRoutes(const broker::Service& service,
                           const std::vector<Administrator>& configured, SignInMeans means,
                           std::string tenant)
    : people_(service),
      configured_(configured),
      means_(std::move(means)),
      tenant_(std::move(tenant)) {
  for (const Administrator& one : configured) {
    reserved_.names.push_back(one.actor.name);
    for (const crypto::Sha256Digest& pin : one.spki_sha256) {
      reserved_.proofs.emplace_back(broker::KeyPin{pin});
    }
    for (const pki::GeneralName& name : one.certificate_names) {
      reserved_.proofs.emplace_back(broker::CertificateName{to_text(name)});
    }
  }
}

bool PeopleRoutes::takes(std::string_view path) {
  return path == kPeople || path.starts_with(kPerson);
}

HttpResponse PeopleRoutes::answer(const OwnRequest& asked, std::string_view path) const {
  if (path == kPeople) return asked.request.method == "GET" ? list(asked) : add(asked);
  const auto done = people_.remove(asked.actor, path.substr(kPerson.size()), asked.now);
  return done ? ok() : to_response(done.error());
}

HttpResponse PeopleRoutes::list(const OwnRequest& asked) const {
  const auto page = asked.query.page();
  if (!page) return to_response(page.error());
  const auto people = people_.list(asked.actor, asked.now);
  if (!people) return to_response(people.error());
  // In the order of what `after` says: those of the configuration come first.
  std::map<std::string, std::function<void(JsonWriter&)>> all;
  for (const Administrator& one : configured_) {
    all["configuration/" + one.actor.name] = [&one](JsonWriter& w) {
      write_actor(w, one.actor);
      if (one.key) w.member("key", token::thumbprint(one.key->key));
      w.member("from", "configuration");
    };
  }
  for (const broker::Person& one : *people) {
    all["store/" + one.name] = [&one](JsonWriter& w) {
      write_person(w, one);
      w.member("from", "store");
    };
  }
  JsonWriter w;
  w.begin_object().member("schema", "ward.administrators/1").name(kPeople).begin_array();
  auto one = all.upper_bound(page->after);
  std::string last;
  for (std::size_t i = 0; i < page->limit && one != all.end(); ++i, ++one) {
    w.begin_object();
    one->second(w);
    w.end_object();
    last = one->first;
  }
  w.end_array().member("next", one == all.end() ? std::string() : last).end_object();
  return json_response(w);
}

HttpResponse PeopleRoutes::add(const OwnRequest& asked) const {
  const Bytes body = asked.request.body;
  const auto json = codec::parse_json(body, kLimits);
  if (!json) {
    return to_response(broker::refuse_document(kType, CheckId::kMessageForm, json.error()));
  }
  const auto person = read_person(body, *json, kType);
  if (!person) return to_response(person.error());
  const auto means = check_means(person->proof, means_, tenant_);
  if (!means) return to_response(means.error());
  const auto done = people_.add(asked.actor, *person, reserved_, asked.now);
  if (!done) return to_response(done.error());
  JsonWriter w;
  w.begin_object().member("schema", "ward.administrator/1");
  write_person(w, *person);
  w.member("from", "store").end_object();
  return json_response(w);
}

}  // namespace ward::server
