#include "apps/wardd/clock.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "apps/wardd/store_lock.h"
#include "apps/wardd/tenants.h"
#include "broker/expiry.h"
#include "broker/tenant.h"
#include "ledger/ledger.h"
#include "store/prefixed_store.h"
#include "store/sqlite/sqlite_store.h"

namespace ward::wardd {
namespace {

// tenants_of are all tenants' ids, the default one's "" first.
Result<std::vector<std::string>> tenants_of(store::View& view) {
  std::vector<std::string> out{""};
  WARD_TRY(const auto rows, view.list_keys(broker::kTenantTable, "", "", store::kMaxListed));
  for (const store::ListedKey& row : rows) {
    out.push_back(row.key);
  }
  return out;
}

// correct_one sets the newest time of a tenant's ledger back where it lies after `now`; what it
// was.
Result<UnixTime> correct_one(store::Transaction& tx, const Config& config,
                             const crypto::PrivateKey& key, const std::string& tenant,
                             UnixTime now) {
  const std::string prefix = tenant.empty() ? "" : broker::table_prefix(tenant);
  store::PrefixedTransaction part(tx, prefix);
  WARD_TRY(const ledger::Head head, ledger::read_head(part));
  if (head.newest <= now) return head.newest;
  WARD_TRY(ledger::NoteKey note,
           ledger::NoteKey::make(name_of(config, tenant) + "/ledger", key.public_key()));
  const ledger::NoteSigner signer{std::move(note), [&key](Bytes message) {
                                    return key.sign(crypto::SignatureAlgorithm::kEd25519, message);
                                  }};
  const auto appended = ledger::correct_clock(part, signer, "operator", now);
  if (!appended) return appended.error();
  WARD_CHECK_OK(broker::note_corrected(part, appended->index, now));
  return head.newest;
}

}  // namespace

Result<std::string, Failure> correct_clock(const Config& config, UnixTime now) {
  WARD_TRY(const StoreLock lock, StoreLock::take(config.store));
  WARD_TRY(const crypto::PrivateKey key, load_key(config.ledger_key, crypto::KeyType::kEd25519));
  auto store = store::open_sqlite_store({.path = config.store, .create = false});
  if (!store) return failed(store.error(), config.store);
  UnixTime before;
  const auto done = (*store)->transact([&](store::Transaction& tx) -> Result<void> {
    WARD_TRY(const std::vector<std::string> tenants, tenants_of(tx));
    before = {};
    for (const std::string& tenant : tenants) {
      WARD_TRY(const UnixTime newest, correct_one(tx, config, key, tenant, now));
      before = std::max(before, newest);
    }
    if (before > now) return {};
    return Error(Errc::kStale, "wardd.clock: nothing to correct");
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
