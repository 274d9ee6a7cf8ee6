#include "server/person_json.h"

#include <optional>
#include <utility>

namespace ward::server {
namespace {

using broker::CheckId;
using codec::JsonValue;

}  // namespace

broker::Answer<broker::Person> read_person(Bytes text, const JsonValue& object,
                                           std::string_view type) {
  const auto wrong = [&](const JsonValue& at, std::string_view name, std::string_view expected) {
    return broker::refuse_document(type, CheckId::kMessageForm,
                                   diag_at(text, at.begin(), name, expected));
  };
  if (!object.is_object()) return wrong(object, "", "an object");
  std::string name;
  std::optional<broker::Role> role;
  std::vector<std::string> repositories;
  std::optional<broker::PersonProof> proof;
  for (const auto& [member, value] : object.members()) {
    const auto word = value.as_string();
    if (member == "name" && word) {
      name = *word;
    } else if (member == "role") {
      role = broker::role_of(word.value_or(""));
      if (!role) return wrong(value, member, "the name of a role");
    } else if (member == "repositories" && value.is_array()) {
      for (const JsonValue& item : value.items()) {
        if (!item.as_string()) return wrong(item, member, "a list of texts");
        repositories.emplace_back(*item.as_string());
      }
    } else if (broker::is_proof_member(member)) {
      if (proof) return wrong(value, member, "one thing to sign in with");
      auto read = broker::read_proof(member, value);
      if (!read) return wrong(value, member, read.error());
      proof = *std::move(read);
    } else {
      return wrong(value, member,
                   "name, role, repositories, and public_key, oidc, spki_sha256 or "
                   "certificate_name, and nothing else");
    }
  }
  if (!role) return wrong(object, "role", "the name of a role");
  if (!proof) {
    return wrong(object, "public_key", "public_key, oidc, spki_sha256 or certificate_name");
  }
  return broker::Person{.name = std::move(name),
                        .role = *role,
                        .repositories = std::move(repositories),
                        .proof = *std::move(proof)};
}

void write_actor(codec::JsonWriter& w, const broker::Actor& actor) {
  w.member("name", actor.name).member("role", to_text(actor.role));
  w.name("repositories").begin_array();
  for (const std::string& one : actor.repositories) {
    w.string(one);
  }
  w.end_array();
}

void write_person(codec::JsonWriter& w, const broker::Person& person) {
  write_actor(w, {.name = person.name, .role = person.role, .repositories = person.repositories});
  broker::tell_proof(w, person.proof);
}

}  // namespace ward::server
