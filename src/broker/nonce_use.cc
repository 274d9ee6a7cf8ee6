#include "broker/nonce_use.h"

#include "broker/records.h"

namespace ward::broker {
namespace {

constexpr std::string_view kType = "AttestationError";
constexpr std::size_t kForgottenAtOnce = 16;
constexpr std::int64_t kForgetAfter_s = 600;  // past expiry: clocks of replicas differ
constexpr std::int64_t kSkew_s = 30;          // between replicas
constexpr std::uint8_t kUsedRefused = 0;
constexpr std::uint8_t kUsedAccepted = 1;

// forget_expired drops a few nonces that no session can bring any more.
Result<void> forget_expired(store::Transaction& tx, UnixTime now) {
  WARD_TRY(const auto rows, tx.list_keys(kNonceTable, "", "", kForgottenAtOnce));
  for (const auto& row : rows) {
    WARD_TRY(const UnixTime expiry, row_expiry(row.key));
    if (now.seconds < expiry.seconds + kForgetAfter_s) break;
    WARD_CHECK_OK(tx.forget(kNonceTable, row.key));
  }
  return {};
}

}  // namespace

Answer<Session> open_session(const Service& service, std::string_view sealed, SessionUse use,
                             UnixTime now) {
  const bool kbs = use == SessionUse::kKbs;
  const CheckId seal = kbs ? CheckId::kSessionCookie : CheckId::kAppraiseSession;
  const CheckId expiry = kbs ? CheckId::kSessionExpiry : CheckId::kAppraiseExpiry;
  auto session = service.keys.sessions.open(sealed, use);
  if (!session) return refuse(401, kType, seal);
  if (now >= session->expires) {
    return refuse(401, kType, expiry, "It ended at " + format_rfc3339(session->expires) + ".");
  }
  if (session->expires.seconds > now.seconds + service.options.session_life_s + kSkew_s) {
    return refuse(401, kType, expiry, "It was begun while the clock stood in the future.");
  }
  return *std::move(session);
}

Result<bool> nonce_used(store::Transaction& tx, const Session& session) {
  WARD_TRY(const store::Row row, tx.get(kNonceTable, session.row_key()));
  return row.version != 0;
}

Result<void> use_up(store::Transaction& tx, const Session& session, std::string_view token,
                    UnixTime now) {
  WARD_CHECK_OK(forget_expired(tx, now));
  Buffer value{token.empty() ? kUsedRefused : kUsedAccepted};
  const Bytes octets = as_bytes(token);
  value.insert(value.end(), octets.begin(), octets.end());
  const auto written = tx.put(kNonceTable, session.row_key(), value, 0);
  if (!written) return written.error();
  return {};
}

}  // namespace ward::broker
