#include "server/query.h"

#include <algorithm>
#include <charconv>

#include "codec/utf8.h"
#include "server/route_table.h"
#include "store/store.h"

namespace ward::server {
namespace {

using broker::Answer;
using broker::CheckId;

constexpr std::string_view kType = "InvalidQuery";

// quoted shows a name that a peer sent, as far as it is plain.
std::string quoted(std::string_view name) {
  constexpr std::size_t kMost = 64;
  const bool plain = !name.empty() && name.size() <= kMost &&
                     std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; });
  return plain ? "\"" + std::string(name) + "\"" : "of another form";
}

bool is_known(std::string_view name, std::string_view known) {
  while (!known.empty()) {
    if (next_word(known, " ") == name) return true;
  }
  return false;
}

}  // namespace

broker::Refusal wrong_parameter(std::string_view name, std::string_view expected) {
  return broker::refuse(400, kType, CheckId::kMessageForm,
                        std::string(name) + ": expected " + std::string(expected) + ".");
}

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

std::optional<std::string> form_decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const auto octet = from_hex(text.substr(i + 1, 2));
      if (!octet || octet->size() != 1) return std::nullopt;
      out += static_cast<char>(octet->front());
      i += 2;
    }
  }
  if (!codec::is_utf8(out)) return std::nullopt;
  return out;
}

Answer<Query> Query::parse(std::string_view target, std::string_view known) {
  Query out;
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return out;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = next_word(rest, "&");
    const auto equals = pair.find('=');
    const auto name = form_decode(pair.substr(0, equals));
    if (!name || !is_known(*name, known)) {
      return broker::refuse(400, kType, CheckId::kMessageForm,
                            "This route takes no parameter " + quoted(name.value_or("")) + ".");
    }
    if (equals == std::string_view::npos) return wrong_parameter(*name, "a value");
    auto value = form_decode(pair.substr(equals + 1));
    if (!value) return wrong_parameter(*name, "UTF-8, encoded with two hex digits behind each %");
    if (out.find(*name)) return wrong_parameter(*name, "to stand there once");
    out.values_.emplace_back(*name, *std::move(value));
  }
  return out;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  const auto found = std::ranges::find(values_, name, &std::pair<std::string, std::string>::first);
  if (found == values_.end()) return std::nullopt;
  return found->second;
}

Answer<std::optional<std::uint64_t>> Query::number(std::string_view name, std::uint64_t least,
                                                   std::uint64_t most) const {
  const auto text = find(name);
  if (!text) return std::optional<std::uint64_t>();
  std::uint64_t out = 0;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, out);
  if (error != std::errc() || stop != end || out < least || out > most) {
    return wrong_parameter(
        name, "a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return std::optional(out);
}

Answer<Page> Query::page() const {
  Page out;
  WARD_TRY(const auto limit, number("limit", 1, kMaxPage));
  out.limit = limit.value_or(kMaxPage);
  out.after = find("after").value_or("");
  if (out.after.size() > store::kMaxKeyBytes)
    return wrong_parameter("after", "at most 1024 octets");
  return out;
}

}  // namespace ward::server
