#pragma once

#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/broker.h"
#include "broker/session.h"
#include "store/store.h"

// Each session's nonce is good for one piece of evidence.
namespace ward::broker {

// open_session opens what the client kept. Refused: what this service did not seal for this use, a
// session whose time is over, one of a future that the clock was corrected from.
[[nodiscard]] Answer<Session> open_session(const Service& service, std::string_view sealed,
                                           SessionUse use, UnixTime now);

// nonce_used is true where evidence was presented for the session before; it drops a few nonces
// that no session can bring any more.
[[nodiscard]] Result<bool> nonce_used(store::Transaction& tx, const Session& session, UnixTime now);

// use_up writes that the nonce was used, and the token where it may be asked for by session.
[[nodiscard]] Result<void> use_up(store::Transaction& tx, const Session& session,
                                  std::string_view token);

}  // namespace ward::broker
