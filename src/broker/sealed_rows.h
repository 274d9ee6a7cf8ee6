#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "store/store.h"

namespace ward::broker {

// RowForm says what a row's value is. It is authenticated with the row, so that none is taken for
// another.
enum class RowForm : std::uint8_t {
  kEither = 0,     // to open a row that may have one form or the other
  kPlain = 1,      // the value alone
  kWithTerms = 2,  // a resource's terms before the value (held.h)
};

// SealedRow is a row that was opened. Nobody ever wrote it where version is 0.
struct SealedRow {
  std::optional<SecretBytes> value;
  std::uint64_t version = 0;
  RowForm form = RowForm::kPlain;
};

// SealedPlace is where a row stands, and in which form.
struct SealedPlace {
  std::string_view table;
  std::string key;
  RowForm form = RowForm::kPlain;
};

// SealedRows keeps rows encrypted and authenticated (AES-256-GCM). Table, key, version and form are
// associated data: a row that was moved to another place, or an older one of the same place, does
// not open. Thread safe.
class SealedRows {
 public:
  explicit SealedRows(const Secret<32>& key) : key_(SecretBytes::copy_of(key.expose())) {}

  // get opens a row. kUntrusted: changed, moved or older than its version says.
  [[nodiscard]] Result<SealedRow> get(store::View& view, std::string_view table,
                                      std::string_view key) const;

  // The same for a row of that form.
  [[nodiscard]] Result<SealedRow> get(store::View& view, const SealedPlace& place) const;

  // put seals and writes a row where its version is `expected`; the new version. Errors of
  // Transaction::put.
  [[nodiscard]] Result<std::uint64_t> put(store::Transaction& tx, std::string_view table,
                                          std::string_view key, Bytes value, std::uint64_t expected,
                                          crypto::Rng& rng) const;

  // The same for a row of that form; kInternal for kEither, which is none.
  [[nodiscard]] Result<std::uint64_t> put(store::Transaction& tx, const SealedPlace& place,
                                          Bytes value, std::uint64_t expected,
                                          crypto::Rng& rng) const;

 private:
  SecretBytes key_;  // not Secret: this lies where keys lie (crypto/secret_memory.h)
};

}  // namespace ward::broker
