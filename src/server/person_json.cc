#include "server/person_json.h"

#include <optional>
#include <utility>

#include "token/jwk.h"

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
  std::optional<crypto::PublicKey> key;
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
    } else if (member == "public_key") {
      const auto der = from_base64(word.value_or(""), Base64::kStandard);
      auto parsed = der ? crypto::PublicKey::from_spki(*der)
                        : Result<crypto::PublicKey>(Error(Errc::kMalformed, "server: public key"));
      if (!parsed) return wrong(value, member, "a SubjectPublicKeyInfo, DER in base64");
      key = *std::move(parsed);
    } else {
      return wrong(value, member, "name, role, repositories and public_key, and nothing else");
    }
  }
  if (!role) return wrong(object, "role", "the name of a role");
  if (!key) return wrong(object, "public_key", "a SubjectPublicKeyInfo, DER in base64");
  return broker::Person{.name = std::move(name),
                        .role = *role,
                        .repositories = std::move(repositories),
                        .key = *std::move(key)};
}

void write_person(codec::JsonWriter& w, const broker::Actor& actor, const crypto::PublicKey* key) {
  w.member("name", actor.name).member("role", to_text(actor.role));
  w.name("repositories").begin_array();
  for (const std::string& one : actor.repositories) {
    w.string(one);
  }
  w.end_array();
  if (key != nullptr) w.member("key", token::thumbprint(*key));
}

}  // namespace ward::server
