#include "server/oidc_keys.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"

namespace ward::server {

CachedKeys::CachedKeys(std::map<std::string, KeyTimes> times, Fetch fetch, Told told)
    : times_(std::move(times)), fetch_(std::move(fetch)), told_(std::move(told)) {}

std::vector<token::Jwk> CachedKeys::those_of(const Set& set, std::optional<std::string_view> kid) {
  std::vector<token::Jwk> out;
  const bool alone = set.keys.size() == 1 && (!kid || set.keys.front().kid.empty());
  std::ranges::copy_if(set.keys, std::back_inserter(out), [&](const token::Jwk& key) {
    return alone || (kid && !kid->empty() && key.kid == *kid);
  });
  return out;
}

Result<std::vector<token::Jwk>> CachedKeys::fetch(const std::string& issuer) const {
  WARD_TRY(const std::string text, fetch_(issuer));
  return token::parse_jwks(as_bytes(text));  // none, too: then those of before count no more
}

Result<std::vector<token::Jwk>> CachedKeys::keys(const std::string& issuer,
                                                 std::optional<std::string_view> kid,
                                                 UnixTime now) const {
  const auto times = times_.find(issuer);
  if (times == times_.end()) return Error(Errc::kUntrusted, "oidc: another issuer");
  const KeyTimes& bound = times->second;
  // A clock that was set back makes a set as old as can be, and lets an attempt be made.
  const auto within = [now](const std::optional<UnixTime>& since, std::int64_t seconds) {
    return since && since->seconds <= now.seconds && now.seconds - since->seconds < seconds;
  };
  std::unique_lock<std::mutex> lock(mutex_);
  Set& set = sets_[issuer];
  bool asked = false;
  const bool enough = within(set.fetched, bound.fresh_s) && !those_of(set, kid).empty();
  if (!enough && !set.busy && !within(set.tried, bound.refetch_s)) {
    set.busy = true;
    set.tried = now;
    lock.unlock();
    auto fetched = fetch(issuer);
    if (told_) told_(issuer, fetched ? nullptr : &fetched.error());
    lock.lock();
    set.busy = false;
    asked = fetched.has_value();
    if (asked) {
      set.keys = *std::move(fetched);
      set.fetched = now;
    }
  }
  if (within(set.fetched, bound.kept_s)) {
    auto found = those_of(set, kid);
    if (!found.empty()) return found;
    if (asked) return Error(Errc::kUntrusted, "oidc: the issuer has no key of this kid");
  }
  return Error(Errc::kUnavailable, "oidc: the issuer's keys cannot be had now");
}

void CachedKeys::warm(UnixTime now) const {
  for (const auto& [issuer, times] : times_) {
    (void)keys(issuer, std::nullopt, now);
  }
}

}  // namespace ward::server
