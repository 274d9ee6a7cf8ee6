#include "keep/names.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace ward::keep {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxPathPiece = 128;
constexpr std::size_t kMaxHost = 253;
constexpr std::array<std::string_view, 6> kReserved = {"ward", "proc", "dev", "in", "out", "tmp"};

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

bool is_word_or_point(char c) { return is_word(c) || c == '.'; }

bool is_word_run(std::string_view text, std::size_t max) {
  return !text.empty() && text.size() <= max && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), is_word_or_point);
}

bool is_clean_piece(std::string_view piece) {
  return !piece.empty() && piece != "." && piece != ".." &&
         std::none_of(piece.begin(), piece.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

bool is_clean_path(std::string_view path) {
  if (path == "/") return true;
  if (path.empty() || path.front() != '/') return false;
  while (!path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = std::min(path.find('/'), path.size());
    if (!is_clean_piece(path.substr(0, end))) return false;
    path.remove_prefix(end);
  }
  return true;
}

bool is_reserved_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  path.remove_prefix(1);
  const std::string_view first = path.substr(0, path.find('/'));
  return std::find(kReserved.begin(), kReserved.end(), first) != kReserved.end();
}

bool is_plain_name(std::string_view name) { return is_word_run(name, kMaxName); }

bool is_resource_path(std::string_view text) {
  for (int piece = 0; piece < 2; ++piece) {
    const std::size_t slash = text.find('/');
    if (slash == std::string_view::npos || !is_word_run(text.substr(0, slash), kMaxPathPiece)) {
      return false;
    }
    text.remove_prefix(slash + 1);
  }
  return is_word_run(text, kMaxPathPiece);
}

namespace {

// is_tenant_path is true for /t/TENANT (docs/tenants.md).
bool is_tenant_path(std::string_view path) {
  constexpr std::string_view kPrefix = "/t/";
  constexpr std::size_t kMaxTenant = 32;
  if (!path.starts_with(kPrefix)) return false;
  path.remove_prefix(kPrefix.size());
  return !path.empty() && path.size() <= kMaxTenant && path.front() != '-' &&
         path.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string_view::npos;
}

}  // namespace

bool is_broker_url(std::string_view url) {
  constexpr std::string_view kScheme = "https://";
  if (!url.starts_with(kScheme)) return false;
  url.remove_prefix(kScheme.size());
  if (const std::size_t slash = url.find('/'); slash != std::string_view::npos) {
    if (!is_tenant_path(url.substr(slash))) return false;
    url = url.substr(0, slash);
  }
  const std::size_t colon = url.rfind(':');
  if (colon == std::string_view::npos) return is_word_run(url, kMaxHost);
  const std::string_view port = url.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, problem] = std::from_chars(port.data(), port.data() + port.size(), number);
  return problem == std::errc{} && end == port.data() + port.size() && number != 0 &&
         is_word_run(url.substr(0, colon), kMaxHost);
}

}  // namespace ward::keep
