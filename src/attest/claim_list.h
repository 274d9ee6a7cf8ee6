#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "attest/appraisal.h"
#include "base/refill.h"

namespace ward::attest {

// ClaimName is a claim's name in two parts, which are written one behind the other.
struct ClaimName {
  // NOLINTNEXTLINE(google-explicit-constructor): most names have one part
  ClaimName(const char* all) : last(all) {}

  ClaimName(std::string_view prefix, std::string_view name) : first(prefix), last(name) {}

  std::string_view first;
  std::string_view last;
};

// copies_of copies claims, one value after the other: libstdc++ 12 frees twice where there is no
// memory to copy a variant of vectors.
[[nodiscard]] std::vector<Claim> copies_of(const std::vector<Claim>& claims);

// ClaimList writes a list of claims anew over what it held, so that nothing is allocated where the
// same claims were there before. The list is whole after finish().
class ClaimList {
 public:
  explicit ClaimList(std::vector<Claim>& out) : out_(out) {}

  void flag(const ClaimName& name, bool value);
  void number(const ClaimName& name, std::uint64_t value);
  void octets(const ClaimName& name, Bytes value);
  void text(const ClaimName& name, std::string_view value);

  // append copies claims that are at hand.
  void append(const std::vector<Claim>& more);

  void finish() { out_.finish(); }

 private:
  ClaimValue& next(const ClaimName& name);

  Refill<Claim> out_;
};

}  // namespace ward::attest
