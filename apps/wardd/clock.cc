#include "apps/wardd/clock.h"

#include "apps/wardd/store_lock.h"
#include "ledger/ledger.h"
#include "store/sqlite/sqlite_store.h"

namespace ward::wardd {

Result<std::string, Failure> correct_clock(const Config& config, UnixTime now) {
  WARD_TRY(const StoreLock lock, StoreLock::take(config.store));
  WARD_TRY(const crypto::PrivateKey key, load_key(config.ledger_key, crypto::KeyType::kEd25519));
  auto note = ledger::NoteKey::make(config.name + "/ledger", key.public_key());
  if (!note) return failed(note.error(), config.ledger_key);
  const ledger::NoteSigner signer{*std::move(note), [&key](Bytes message) {
                                    return key.sign(crypto::SignatureAlgorithm::kEd25519, message);
                                  }};
  auto store = store::open_sqlite_store({.path = config.store, .create = false});
  if (!store) return failed(store.error(), config.store);
  UnixTime before;
  const auto done = (*store)->transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const ledger::Head head, ledger::read_head(tx));
    before = head.newest;
    const auto appended = ledger::correct_clock(tx, signer, "operator", now);
    if (!appended) return appended.error();
    return {};
  });
  if (done) {
    return "clock corrected: the newest entry was at " + format_rfc3339(before) + ", now it is " +
           format_rfc3339(now);
  }
  if (done.error().code() != Errc::kStale) return failed(done.error(), config.store);
  return Failure{kRefused,
                 "there is nothing to correct: the ledger's newest entry does not lie after the "
                 "clock, which says " +
                     format_rfc3339(now),
                 ""};
}

}  // namespace ward::wardd
