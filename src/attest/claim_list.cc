#include "attest/claim_list.h"

namespace ward::attest {
namespace {

// The alternative T, with what it held where the value was a T before.
template <class T>
T& as(ClaimValue& value) {
  if (auto* held = std::get_if<T>(&value)) return *held;
  return value.emplace<T>();
}

}  // namespace

ClaimValue& ClaimList::next(const ClaimName& name) {
  Claim& claim = out_.next();
  claim.name.assign(name.first);
  claim.name.append(name.last);
  return claim.value;
}

void ClaimList::flag(const ClaimName& name, bool value) { as<bool>(next(name)) = value; }

void ClaimList::number(const ClaimName& name, std::uint64_t value) {
  as<std::uint64_t>(next(name)) = value;
}

void ClaimList::octets(const ClaimName& name, Bytes value) {
  as<Buffer>(next(name)).assign(value.begin(), value.end());
}

void ClaimList::text(const ClaimName& name, std::string_view value) {
  as<std::string>(next(name)).assign(value);
}

}  // namespace ward::attest
