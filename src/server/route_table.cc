#include "server/route_table.h"

#include <algorithm>

namespace ward::server {
namespace {

bool matches(std::string_view pattern, std::string_view path) {
  for (;;) {
    if (pattern.starts_with('{') && pattern.ends_with("...}")) return !path.empty();
    const bool last = pattern.find('/') == std::string_view::npos;
    if (last != (path.find('/') == std::string_view::npos)) return false;
    const std::string_view expected = next_word(pattern, "/");
    const std::string_view given = next_word(path, "/");
    if (expected.starts_with('{') ? given.empty() : given != expected) return false;
    if (last) return true;
  }
}

}  // namespace

std::string_view next_word(std::string_view& list, std::string_view separator) {
  const auto end = list.find(separator);
  const std::string_view word = list.substr(0, end);
  list = end == std::string_view::npos ? std::string_view{} : list.substr(end + separator.size());
  return word;
}

const OwnRoute* own_route(std::string_view path) {
  const auto* const found = std::ranges::find_if(
      kOwnRoutes, [&](const OwnRoute& route) { return matches(route.path, path); });
  return found == kOwnRoutes.end() ? nullptr : found;
}

const Access* access_to(std::string_view path) {
  const auto* const found =
      std::ranges::find_if(kAccess, [&](const Access& one) { return matches(one.path, path); });
  return found == kAccess.end() ? nullptr : found;
}

bool may_ask(std::string_view role, std::string_view path) {
  const Access* access = access_to(path);
  if (access == nullptr) return false;
  std::string_view roles = access->roles;
  while (!roles.empty()) {
    if (next_word(roles, " ") == role) return true;
  }
  return false;
}

bool lists(std::string_view methods, std::string_view method) {
  while (!methods.empty()) {
    if (next_word(methods, ", ") == method) return true;
  }
  return false;
}

}  // namespace ward::server
