#include "codec/json_path.h"

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"

namespace ward::codec {
namespace {

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '$';
}

// Cuts before the character that would cross the bound, never inside it.
std::string_view shortened(std::string_view name) {
  if (name.size() <= kMaxJsonPathName) return name;
  std::size_t n = kMaxJsonPathName;
  while (n > 0 && (static_cast<unsigned char>(name[n]) & 0xc0U) == 0x80U) {
    --n;
  }
  return name.substr(0, n);
}

}  // namespace

void append_json_member(std::string& path, std::string_view name) {
  const std::string_view shown = shortened(name);
  const std::string_view ending = shown.size() < name.size() ? "..." : "";
  if (!shown.empty() && std::all_of(shown.begin(), shown.end(), is_plain)) {
    if (!path.empty()) path += '.';
    path.append(shown).append(ending);
    return;
  }
  path += "[\"";
  for (const char c : shown) {
    const auto octet = static_cast<std::uint8_t>(c);
    if (c == '"' || c == '\\') {
      path.append({'\\', c});
    } else if (octet < 0x20U || octet == 0x7fU) {
      path.append("\\u00").append(to_hex(Bytes(&octet, 1)));
    } else {
      path += c;
    }
  }
  path.append(ending).append("\"]");
}

void append_json_index(std::string& path, std::size_t index) {
  path.append("[").append(std::to_string(index)).append("]");
}

}  // namespace ward::codec
