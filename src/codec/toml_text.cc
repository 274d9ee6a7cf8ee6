#include "codec/toml_text.h"

namespace ward::codec {
namespace {

// behind_string returns the place behind the string that begins at `at` with a quotation mark. A
// string that does not end goes to the end of its line, or of the document where it may span lines.
std::size_t behind_string(std::string_view text, std::size_t at) {
  const char mark = text[at];
  const std::string_view three = text.substr(at, 3);
  const bool spans = three.size() == 3 && three[1] == mark && three[2] == mark;
  const std::size_t width = spans ? 3 : 1;
  std::size_t i = at + width;
  while (i < text.size()) {
    if (mark == '"' && text[i] == '\\') {
      i += 2;
    } else if (text.substr(i, width) == std::string_view(three).substr(0, width)) {
      return i + width;
    } else if (!spans && text[i] == '\n') {
      return i;
    } else {
      ++i;
    }
  }
  return text.size();
}

}  // namespace

std::optional<std::size_t> stray_octet(std::string_view document) {
  std::size_t i = document.starts_with("\xef\xbb\xbf") ? 3 : 0;  // a byte order mark may begin it
  while (i < document.size()) {
    const char c = document[i];
    if (static_cast<unsigned char>(c) > 0x7f) return i;
    if (c == '#') {
      const std::size_t end = document.find('\n', i);
      i = end == std::string_view::npos ? document.size() : end;
    } else if (c == '"' || c == '\'') {
      i = behind_string(document, i);
    } else {
      ++i;
    }
  }
  return std::nullopt;
}

}  // namespace ward::codec
