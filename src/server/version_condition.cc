#include "server/version_condition.h"

#include <charconv>

namespace ward::server {
namespace {

using broker::Answer;
using protocol::HttpRequest;

broker::Refusal malformed(std::string_view type, std::string_view what) {
  return broker::refuse(400, type, broker::CheckId::kMessageForm, what);
}

// number_of reads decimal digits; nullopt for all else.
std::optional<std::uint64_t> number_of(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || text.empty() || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  return out;
}

// tag_of reads one strong entity tag (RFC 9110 section 8.8.3) that is a version: "12".
std::optional<std::uint64_t> tag_of(std::string_view text) {
  if (text.size() < 3 || !text.starts_with('"') || !text.ends_with('"')) return std::nullopt;
  const auto number = number_of(text.substr(1, text.size() - 2));
  return number && *number != 0 ? number : std::nullopt;
}

}  // namespace

Answer<std::optional<std::uint64_t>> version_condition(const HttpRequest& request,
                                                       std::string_view type) {
  const auto match = request.header("If-Match");
  const auto none = request.header("If-None-Match");
  using Condition = std::optional<std::uint64_t>;
  if (!match && !none) return Condition();
  if (match && none) return malformed(type, "If-Match and If-None-Match exclude each other.");
  if (none) {
    if (*none != "*") return malformed(type, "If-None-Match is *.");
    return Condition(0);
  }
  const auto version = tag_of(*match);
  if (!version) return malformed(type, "If-Match is one version in quotation marks, as \"3\".");
  return Condition(version);
}

std::string version_tag(std::uint64_t version) { return '"' + std::to_string(version) + '"'; }

}  // namespace ward::server
