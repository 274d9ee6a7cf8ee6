#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/time.h"
#include "broker/admin.h"
#include "broker/broker.h"
#include "broker/person_proof.h"
#include "ledger/entry.h"
#include "store/store.h"

// The administrators that a service keeps in its store, beside those that its configuration names
// (docs/tenants.md).
namespace ward::broker {

inline constexpr std::string_view kPersonTable = "admin.person";  // by name, sealed
inline constexpr std::size_t kMaxRepositories = 256;              // of one owner

// Person is an administrator and what he signs in with; of a claim that is not one person's, all
// who have it.
struct Person {
  std::string name;
  Role role = Role::kOwner;
  std::vector<std::string> repositories;  // of an owner
  PersonProof proof;
};

// is_name is true for what may name an administrator: 1 to 64 of A-Z a-z 0-9 . _ -.
[[nodiscard]] bool is_name(std::string_view name);

// check_person is why somebody cannot be an administrator: a name or repository that is none, a
// proof that is none (check_proof), repositories that are missing or nobody's, the role of an
// operator, whom the configuration alone names. nullopt: he can.
[[nodiscard]] std::optional<std::string> check_person(const Person& person);

// describe is a person as a leaf has him: role, repositories and proof (tell_proof), as JSON.
[[nodiscard]] Result<std::string> describe(const Person& person);

// load_people reads them all, in the order of their names. kUntrusted, kMalformed: a row is
// damaged.
[[nodiscard]] Result<std::vector<Person>> load_people(store::View& view, const Keys& keys);

// load_person reads one; nullopt where there is none.
[[nodiscard]] Result<std::optional<Person>> load_person(store::View& view, const Keys& keys,
                                                        std::string_view name);

// proof_taken is true where somebody of another name signs in with the same (same_proof). A row
// that is damaged signs nobody in, and takes nothing.
[[nodiscard]] Result<bool> proof_taken(store::View& view, const Keys& keys, const Person& person);

// put_person writes one with the caller's transaction, in the place of who had the name.
[[nodiscard]] Result<void> put_person(store::Transaction& tx, const Keys& keys, crypto::Rng& rng,
                                      const Person& person);

// Reserved is what those have whom the configuration names.
struct Reserved {
  std::vector<std::string> names;
  std::vector<PersonProof> proofs;  // but keys, which are told apart by name
};

// People is the administration of administrators, by those of role kAdministrator. Every change is
// a leaf of the ledger with who was there before and after, in one transaction; every refusal is
// one too. A change holds at the next request, of every replica. Safe from several threads.
class People {
 public:
  explicit People(const Service& service) : service_(service) {}

  // add registers somebody. 400 where check_person has a reason; 409 where the name is taken, also
  // by one of `reserved`, the proof is another's, also of one of `reserved`, or the quota is used
  // up.
  [[nodiscard]] Answer<void> add(const Actor& actor, const Person& person, const Reserved& reserved,
                                 UnixTime now) const;

  // list gives them all.
  [[nodiscard]] Answer<std::vector<Person>> list(const Actor& actor, UnixTime now) const;

  // remove takes somebody's rights; 404 where nobody has the name.
  [[nodiscard]] Answer<void> remove(const Actor& actor, std::string_view name, UnixTime now) const;

 private:
  [[nodiscard]] Answer<void> may(const Actor& actor, UnixTime now) const;

  const Service& service_;
};

}  // namespace ward::broker
