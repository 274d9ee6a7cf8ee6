#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "token/jwk.h"

namespace ward::server {

// KeyTimes say how long an issuer's key set is used, in seconds.
struct KeyTimes {
  std::int64_t fresh_s = 300;  // then it is fetched again; so long a key that was taken back counts
  std::int64_t refetch_s = 30;  // two attempts lie so far apart, whatever strangers send
  std::int64_t kept_s = 86400;  // so old it may be where the issuer does not answer
};

// OidcKeys gives the public keys of an issuer of tokens. Safe from several threads.
class OidcKeys {
 public:
  OidcKeys() = default;
  OidcKeys(const OidcKeys&) = delete;
  OidcKeys& operator=(const OidcKeys&) = delete;
  virtual ~OidcKeys() = default;

  // keys returns those that may have signed a token of this kid; nullopt: a token that names none,
  // which only a set of one key can have signed. kUntrusted: the issuer has no such key;
  // kUnavailable: nobody can tell now, since the issuer does not answer, or was asked just before.
  [[nodiscard]] virtual Result<std::vector<token::Jwk>> keys(const std::string& issuer,
                                                             std::optional<std::string_view> kid,
                                                             UnixTime now) const = 0;
};

// CachedKeys fetches key sets and keeps them. A set is fetched when there is none, when it is no
// longer fresh, and when a token names a key that is not in it; by one thread at a time, which
// waits, while the others use what there is. Where an attempt fails the old keys stay until they
// are too old.
class CachedKeys final : public OidcKeys {
 public:
  // Fetch brings the issuer's JWK set as text. Called without a lock; must end in bounded time.
  using Fetch = std::function<Result<std::string>(const std::string& issuer)>;
  // Told is called after each attempt, with its error or nullptr: for the log.
  using Told = std::function<void(const std::string& issuer, const Error* error)>;

  // Issuers beside those in `times` have no keys.
  CachedKeys(std::map<std::string, KeyTimes> times, Fetch fetch, Told told = {});

  [[nodiscard]] Result<std::vector<token::Jwk>> keys(const std::string& issuer,
                                                     std::optional<std::string_view> kid,
                                                     UnixTime now) const override;

  // warm fetches every set that there is none of, so that the first token need not wait.
  void warm(UnixTime now) const;

 private:
  struct Set {
    std::vector<token::Jwk> keys;
    std::optional<UnixTime> fetched;
    std::optional<UnixTime> tried;
    bool busy = false;
  };

  [[nodiscard]] Result<std::vector<token::Jwk>> fetch(const std::string& issuer) const;
  [[nodiscard]] static std::vector<token::Jwk> those_of(const Set& set,
                                                        std::optional<std::string_view> kid);

  const std::map<std::string, KeyTimes> times_;
  const Fetch fetch_;
  const Told told_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, Set> sets_;
};

}  // namespace ward::server
