#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

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

// replace_identifiers writes kSaltedMark and what `name` says in the place of each identifier: of
// the claims that `identifying` names, of chips and devices. It does so in all claims and texts, as
// hex in either case, whole or without the zeros behind it, or as the text that it is. In the texts
// of checks that `identifying` names, of the one that compares chips, and in what was expected
// where an identifier was found, every number that could be one is replaced: a policy may list
// other machines. No identifier is left in the facts then.
void replace_identifiers(std::span<const char* const> identifying, const NameOf& name,
                         Appraisal& appraisal);

}  // namespace ward::attest
