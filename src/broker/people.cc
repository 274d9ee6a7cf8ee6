#include "broker/people.h"

#include <algorithm>
#include <utility>

#include "broker/records.h"
#include "codec/json.h"
#include "codec/json_write.h"

namespace ward::broker {
namespace {

using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kType = "AdministratorError";
constexpr std::string_view kSubject = "administrators";
constexpr std::size_t kMaxName = 64;
constexpr codec::JsonLimits kLimits{.max_bytes = 64U << 10U, .max_depth = 3};

Error damaged() { return {Errc::kMalformed, "broker.people: a row is damaged"}; }

// undone ends a transaction whose refusal the client is told.
Error undone() { return {Errc::kDenied, "broker.people: refused"}; }

void write_rights(JsonWriter& w, const Person& person) {
  w.member("role", to_text(person.role)).name("repositories").begin_array();
  for (const std::string& one : person.repositories) {
    w.string(one);
  }
  w.end_array();
}

Result<std::string> write(const Person& person) {
  JsonWriter w;
  w.begin_object();
  write_rights(w, person);
  write_proof(w, person.proof);
  return w.end_object().take();
}

Result<Person> read(std::string_view name, Bytes row) {
  const auto json = codec::parse_json(row, kLimits);
  if (!json || !json->is_object()) return damaged();
  const auto text = [&](std::string_view member) {
    const JsonValue* value = json->find(member);
    return value != nullptr ? value->as_string().value_or("") : std::string_view();
  };
  const auto role = role_of(text("role"));
  const JsonValue* list = json->find("repositories");
  if (!role || list == nullptr || !list->is_array()) return damaged();
  const auto& members = json->members();
  const auto proof = std::ranges::find_if(
      members, [](const auto& member) { return is_proof_member(member.first); });
  if (proof == members.end()) return damaged();
  auto with = read_proof(proof->first, proof->second);
  if (!with) return damaged();
  Person out{
      .name = std::string(name), .role = *role, .repositories = {}, .proof = *std::move(with)};
  for (const JsonValue& item : list->items()) {
    out.repositories.emplace_back(item.as_string().value_or(""));
  }
  // What nobody could have been registered with gives no rights.
  if (check_person(out)) return damaged();
  return out;
}

Refusal no_such_person() { return refuse(404, "ResourceNotFound", CheckId::kPersonExists); }

// no_room is why somebody may not be added; nullopt where he may.
Result<std::optional<Refusal>> no_room(store::View& view, const Service& service,
                                       const Person& person) {
  WARD_TRY(const store::Row row, view.get(kPersonTable, person.name));
  if (row.value) return std::optional(refuse(409, kType, CheckId::kPersonName));
  WARD_TRY(const bool taken, proof_taken(view, service.keys, person));
  if (taken) return std::optional(refuse(409, kType, CheckId::kPersonProof));
  WARD_TRY(const auto all, view.list_keys(kPersonTable, "", "", store::kMaxListed));
  const std::uint64_t most = service.options.quotas.administrators;
  if (all.size() < most) return std::optional<Refusal>();
  return std::optional(over_quota(409, kType, "administrators", all.size() + 1, most));
}

}  // namespace

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxName && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::optional<std::string> check_person(const Person& person) {
  if (!is_name(person.name)) return "name: expected 1 to 64 of A-Z a-z 0-9 . _ -";
  if (person.role == Role::kOperator) return "role: an operator stands in wardd.toml alone";
  if ((person.role == Role::kOwner) == person.repositories.empty() ||
      person.repositories.size() > kMaxRepositories) {
    return "repositories: expected 1 to 256 names of an owner's, and nobody else's";
  }
  for (const std::string& one : person.repositories) {
    if (!protocol::kbs::parse_resource_path(one + "/x/x")) {
      return "repositories: one that no path can name";
    }
  }
  return check_proof(person.proof);
}

Result<std::string> describe(const Person& person) {
  JsonWriter w;
  w.begin_object();
  write_rights(w, person);
  tell_proof(w, person.proof);
  return w.end_object().take();
}

Result<std::optional<Person>> load_person(store::View& view, const Keys& keys,
                                          std::string_view name) {
  WARD_TRY(const auto row, keys.rows.get(view, kPersonTable, name));
  if (!row.value) return std::optional<Person>();
  WARD_TRY(Person person, read(name, row.value->expose()));
  return std::optional(std::move(person));
}

Result<std::vector<Person>> load_people(store::View& view, const Keys& keys) {
  std::vector<Person> out;
  WARD_TRY(const auto rows, view.list_keys(kPersonTable, "", "", store::kMaxListed));
  for (const store::ListedKey& row : rows) {
    WARD_TRY(auto person, load_person(view, keys, row.key));
    if (!person) return damaged();
    out.push_back(*std::move(person));
  }
  return out;
}

Result<bool> proof_taken(store::View& view, const Keys& keys, const Person& person) {
  if (std::holds_alternative<crypto::PublicKey>(person.proof)) return false;
  WARD_TRY(const auto rows, view.list_keys(kPersonTable, "", "", store::kMaxListed));
  for (const store::ListedKey& row : rows) {
    if (row.key == person.name) continue;
    const auto one = load_person(view, keys, row.key);
    if (!one && one.error().code() == Errc::kUnavailable) return one.error();
    if (one && *one && same_proof((*one)->proof, person.proof)) return true;
  }
  return false;
}

Result<void> put_person(store::Transaction& tx, const Keys& keys, crypto::Rng& rng,
                        const Person& person) {
  WARD_TRY(const store::Row row, tx.get(kPersonTable, person.name));
  WARD_TRY(const std::string text, write(person));
  const auto written =
      keys.rows.put(tx, kPersonTable, person.name, as_bytes(text), row.version, rng);
  if (!written) return written.error();
  return {};
}

Answer<void> People::may(const Actor& actor, UnixTime now) const {
  return allow(service_, actor, actor.role == Role::kAdministrator, kSubject, now);
}

Answer<void> People::add(const Actor& actor, const Person& person, const Reserved& reserved,
                         UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  if (const auto wrong = check_person(person)) {
    return refuse(400, kType, CheckId::kMessageForm, *wrong + ".");
  }
  if (std::ranges::count(reserved.names, person.name) > 0) {
    return refuse(409, kType, CheckId::kPersonName);
  }
  if (std::ranges::any_of(reserved.proofs,
                          [&](const PersonProof& one) { return same_proof(one, person.proof); })) {
    return refuse(409, kType, CheckId::kPersonProof);
  }
  std::optional<Refusal> refusal;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(refusal, no_room(tx, service_, person));
    if (refusal) return undone();
    WARD_CHECK_OK(put_person(tx, service_.keys, service_.rng, person));
    WARD_TRY(const std::string after, describe(person));
    return record(
        tx, service_.keys,
        act_of(actor, now, "administrator.add", person.name, {{"before", ""}, {"after", after}}));
  });
  if (refusal) return *std::move(refusal);
  if (!done) return unavailable(done.error());
  return {};
}

Answer<std::vector<Person>> People::list(const Actor& actor, UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  std::vector<Person> out;
  const auto done = service_.store.read([&](store::View& view) -> Result<void> {
    WARD_TRY(out, load_people(view, service_.keys));
    return {};
  });
  if (!done) return unavailable(done.error());
  return out;
}

Answer<void> People::remove(const Actor& actor, std::string_view name, UnixTime now) const {
  WARD_CHECK_OK(may(actor, now));
  if (!is_name(name)) return no_such_person();
  bool absent = false;
  const auto done = service_.store.transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const store::Row row, tx.get(kPersonTable, name));
    absent = !row.value;
    if (absent) return undone();
    const auto person = load_person(tx, service_.keys, name);  // a damaged one goes too
    std::string before = "damaged";
    if (person && *person) {
      WARD_TRY(before, describe(**person));
    }
    WARD_CHECK_OK(tx.erase(kPersonTable, name, row.version));
    return record(
        tx, service_.keys,
        act_of(actor, now, "administrator.remove", name, {{"before", before}, {"after", ""}}));
  });
  if (absent) return no_such_person();
  if (!done) return unavailable(done.error());
  return {};
}

}  // namespace ward::broker
