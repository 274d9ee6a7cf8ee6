#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"

// What of an appraisal names the one machine that evidence comes from, wherever it stands: in a
// claim, or in the text of a check. Each TEE says which claims and checks do (tee/identifying.h);
// Facts::chips and devices do always.
namespace ward::attest {

// Fewer octets, or characters of a text, name nothing and might stand anywhere by chance.
inline constexpr std::size_t kMinIdentifier = 8;
inline constexpr std::size_t kMinIdentifierText = 16;

// kSaltedMark stands before what is written instead of an identifier.
inline constexpr std::string_view kSaltedMark = "salted:";

// NameOf says what is written of an identifier's octets.
using NameOf = std::function<std::string(Bytes)>;

// Identity is what of one appraisal names the machine.
struct Identity {
  std::vector<Buffer> ids;         // octets, and texts
  std::vector<std::string> names;  // of claims and checks, as `identifying` has them
  bool unnamed = false;  // a part's evidence could name its machine and does not: hidden, or by a
                         // key that many machines have (VLEK)
};

// trimmed_id is an identifier without the zeros behind it, but for its first kMinIdentifier octets:
// fields of different sizes hold the same one. A view of `id`.
[[nodiscard]] Bytes trimmed_id(Bytes id);

// identity_of is that of what a TEE says of itself: chips, devices, and the claims that it lists.
[[nodiscard]] Identity identity_of(std::span<const char* const> identifying,
                                   const Appraisal& appraisal);

// join adds another device's.
void join(Identity& identity, Identity more);

// conceal writes kSaltedMark and what `name` says in the place of each identifier: in all claims
// and texts, as hex in either case, whole or without the zeros behind it, or as the text that it
// is. In the texts of checks that the identity names, of the one that compares chips, and in what
// was expected where an identifier was found, every number that could be one is replaced: a policy
// may list other machines. So is every time that such a check found: a machine's own certificate
// begins when no other does; where the check failed its day stays. No identifier is left in the
// facts then.
void conceal(const Identity& identity, const NameOf& name, Appraisal& appraisal);

}  // namespace ward::attest
