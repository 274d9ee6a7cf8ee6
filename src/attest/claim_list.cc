#include "attest/claim_list.h"

#include <type_traits>

namespace ward::attest {
namespace {

// The alternative T, with what it held where the value was a T before.
template <class T>
T& as(ClaimValue& value) {
  if (auto* held = std::get_if<T>(&value)) return *held;
  return value.emplace<T>();
}

}  // namespace

std::vector<Claim> copies_of(const std::vector<Claim>& claims) {
  std::vector<Claim> out;
  out.reserve(claims.size());
  ClaimList list(out);
  list.append(claims);
  list.finish();
  return out;
}

void ClaimList::append(const std::vector<Claim>& more) {
  for (const Claim& claim : more) {
    ClaimValue& value = next({"", claim.name});
    std::visit([&](const auto& held) { as<std::remove_cvref_t<decltype(held)>>(value) = held; },
               claim.value);
  }
}

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
