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

// nonce_used is true where evidence was presented for the session before.
[[nodiscard]] Result<bool> nonce_used(store::Transaction& tx, const Session& session);

// use_up writes that the nonce was used, and the token where it may be asked for by session. It
// drops a few nonces that no session can bring any more, and is of a transaction that appends a
// leaf of time `now`: a request that stood still since before then appends none of its own time,
// and so can not use a nonce that was dropped meanwhile (formal/README.md, session-stall).
[[nodiscard]] Result<void> use_up(store::Transaction& tx, const Session& session,
                                  std::string_view token, UnixTime now);

}  // namespace ward::broker
