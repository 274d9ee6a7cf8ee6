#include "broker/time_key.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/bytes.h"
#include "base/reader.h"
#include "base/writer.h"

namespace ward::broker {
namespace {

constexpr std::size_t kDigits = 16;

}  // namespace

std::string time_key(UnixTime time) {
  Writer w;
  w.u64be(static_cast<std::uint64_t>(std::max<std::int64_t>(time.seconds, 0)));
  return to_hex(w.take());
}

std::optional<UnixTime> time_in_key(std::string_view key) {
  const auto octets = from_hex(key.substr(0, kDigits));
  std::uint64_t seconds = 0;
  if (!octets || !Reader(*octets).u64be(seconds)) return std::nullopt;
  if (seconds > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) return std::nullopt;
  return UnixTime{static_cast<std::int64_t>(seconds)};
}

}  // namespace ward::broker
