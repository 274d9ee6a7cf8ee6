#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "broker/facts.h"
#include "token/jwt.h"

namespace ward::broker {

// ProvedResult is an attestation result of this service that is known to be authentic, with all
// that decides whether it still counts.
struct ProvedResult {
  Facts facts;
  std::string claims;        // as signed, JSON
  std::string token_sha256;  // result_digest
  std::string issuer;
  std::string audience;
  std::string kid;  // of the key that it is signed with
  token::JwtTimes times;
};

// KeptResults are the results of the newest sessions that attested here, so that who asks for a
// resource in the session that he attested in has his token neither read from the store nor
// verified again. Another process finds it in the store. In no order are sessions forgotten but
// that in which they came. Safe from several threads.
class KeptResults {
 public:
  // Together the sessions' results have at most so many octets.
  static constexpr std::size_t kMostOctets = std::size_t{4} << 20U;

  // Shared, because a result may be pushed out by others while a request still rests on it.
  using Kept = std::shared_ptr<const ProvedResult>;

  // keep adds the result of a session, by Session::row_key, once its use is in the store. A session
  // has one result for ever: a second is not taken.
  void keep(const std::string& session, Kept result);

  // find is nullptr where none is kept.
  [[nodiscard]] Kept find(std::string_view session) const;

 private:
  mutable std::mutex mutex_;  // of all below
  std::map<std::string, Kept, std::less<>> results_;
  std::deque<std::string> order_;
  std::size_t octets_ = 0;
};

}  // namespace ward::broker
