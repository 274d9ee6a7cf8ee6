#include "apps/ward/result_octets.h"

#include <algorithm>
#include <string_view>

namespace ward::cli {

bool is_cwt(Bytes result) { return !result.empty() && result.front() >= 0x80; }

Buffer result_octets(Bytes given) {
  if (is_cwt(given)) return to_buffer(given);
  constexpr std::string_view kWhite = " \t\r\n";
  std::string_view text = as_text(given);
  text.remove_prefix(std::min(text.find_first_not_of(kWhite), text.size()));
  text = text.substr(0, text.find_last_not_of(kWhite) + 1);
  for (const Base64 alphabet : {Base64::kStandard, Base64::kUrl}) {
    auto decoded = from_base64(text, alphabet);
    if (decoded && is_cwt(*decoded)) return *std::move(decoded);
  }
  return to_buffer(as_bytes(text));
}

}  // namespace ward::cli
