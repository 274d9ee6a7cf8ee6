#include "protocol/kbs/lease.h"

#include <charconv>

namespace ward::protocol::kbs {
namespace {

constexpr std::string_view kUntil = "; until=";
constexpr std::string_view kSeconds = "; seconds=";
constexpr std::string_view kIdOctets = "0123456789abcdef-";
constexpr std::size_t kMaxDigits = 10;

Error malformed() { return {Errc::kMalformed, "kbs.lease: header"}; }

}  // namespace

std::string write_lease(const LeaseTerm& term) {
  std::string out = term.id;
  out += kUntil;
  out += format_rfc3339(term.until);
  out += kSeconds;
  out += std::to_string(term.seconds);
  return out;
}

Result<LeaseTerm> parse_lease(std::string_view value) {
  const std::size_t until_at = value.find(kUntil);
  const std::size_t seconds_at = value.find(kSeconds);
  if (until_at == std::string_view::npos || seconds_at == std::string_view::npos ||
      seconds_at < until_at + kUntil.size()) {
    return malformed();
  }
  LeaseTerm out;
  out.id = value.substr(0, until_at);
  if (out.id.empty() || out.id.size() > kMaxLeaseIdBytes ||
      out.id.find_first_not_of(kIdOctets) != std::string::npos) {
    return malformed();
  }
  const std::size_t begin = until_at + kUntil.size();
  const auto until = parse_rfc3339(value.substr(begin, seconds_at - begin));
  if (!until) return malformed();
  out.until = *until;
  const std::string_view digits = value.substr(seconds_at + kSeconds.size());
  if (digits.empty() || digits.size() > kMaxDigits) return malformed();
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (error != std::errc{} || end != digits.data() + digits.size()) return malformed();
  if (seconds == 0 || seconds > kMaxLeaseSeconds) {
    return Error(Errc::kLimit, "kbs.lease: seconds", seconds);
  }
  out.seconds = static_cast<std::uint32_t>(seconds);
  if (write_lease(out) != value) return malformed();
  return out;
}

}  // namespace ward::protocol::kbs
