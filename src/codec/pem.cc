#include "codec/pem.h"

namespace ward::codec {
namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kDashes = "-----";
constexpr std::size_t kLineLength = 64;
constexpr std::size_t kMaxLabel = 64;

// RFC 7468 section 3: printable characters, single blanks or hyphens between them only.
bool well_formed_label(std::string_view label) {
  if (label.empty() || label.size() > kMaxLabel) return false;
  bool after_separator = true;
  for (const char c : label) {
    const bool separator = c == ' ' || c == '-';
    if (c < ' ' || c > '~' || (separator && after_separator)) return false;
    after_separator = separator;
  }
  return !after_separator;
}

// Blank, tab, and the line ends: \t \n \v \f \r follow one another.
bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Takes the label of the boundary that `text` starts with, up to and including its dashes.
bool take_label(std::string_view& text, std::string_view intro, std::string_view& label) {
  if (text.substr(0, intro.size()) != intro) return false;
  text.remove_prefix(intro.size());
  const std::size_t end = text.substr(0, kMaxLabel + kDashes.size()).find(kDashes);
  if (end == std::string_view::npos) return false;
  label = text.substr(0, end);
  text.remove_prefix(end + kDashes.size());
  return well_formed_label(label);
}

// Takes one block; `text` starts with kBegin.
Result<PemBlock> take_block(std::string_view& text) {
  std::string_view label;
  std::string_view end_label;
  if (!take_label(text, kBegin, label)) return Error(Errc::kMalformed, "pem: label");
  const std::size_t end = text.find('-');
  if (end == std::string_view::npos) return Error(Errc::kMalformed, "pem: no end boundary");
  std::string digits;
  digits.reserve(end);
  for (std::size_t at = 0; at < end;) {  // line by line
    std::size_t line = at;
    while (line < end && !blank(text[line])) {
      ++line;
    }
    digits.append(text, at, line - at);
    for (at = line; at < end && blank(text[at]);) {
      ++at;
    }
  }
  text.remove_prefix(end);
  if (!take_label(text, kEnd, end_label) || end_label != label) {
    return Error(Errc::kMalformed, "pem: end boundary");
  }
  auto der = from_base64(digits, Base64::kStandard);
  if (!der || der->empty()) return Error(Errc::kMalformed, "pem: base64");
  return PemBlock{std::string(label), std::move(*der)};
}

}  // namespace

Result<std::vector<PemBlock>> parse_pem(std::string_view text) {
  if (text.size() > kMaxPemBytes) return Error(Errc::kLimit, "pem: size", text.size());
  if (!text.empty() && text.back() == '\0') text.remove_suffix(1);
  if (text.find('\0') != std::string_view::npos) return Error(Errc::kMalformed, "pem: NUL");
  std::vector<PemBlock> blocks;
  for (;;) {
    const std::size_t begin = text.find(kBegin);
    if (text.substr(0, begin).find(kEnd) != std::string_view::npos) {
      return Error(Errc::kMalformed, "pem: end boundary without a beginning");
    }
    if (begin == std::string_view::npos) break;
    if (blocks.size() == kMaxPemBlocks) return Error(Errc::kLimit, "pem: blocks", kMaxPemBlocks);
    text.remove_prefix(begin);
    WARD_TRY(PemBlock block, take_block(text));
    blocks.push_back(std::move(block));
  }
  if (blocks.empty()) return Error(Errc::kTruncated, "pem: no block");
  return blocks;
}

std::string to_pem(std::string_view label, Bytes der) {
  std::string out(kBegin);
  out.append(label).append(kDashes).append("\n");
  const std::string digits = to_base64(der, Base64::kStandard);
  for (std::size_t at = 0; at < digits.size(); at += kLineLength) {
    out.append(digits, at, kLineLength).append("\n");
  }
  return out.append(kEnd).append(label).append(kDashes).append("\n");
}

}  // namespace ward::codec
