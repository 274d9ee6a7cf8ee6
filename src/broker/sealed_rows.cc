#include "broker/sealed_rows.h"

#include <array>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/aead.h"

namespace ward::broker {
namespace {

// bound_to is the associated data: "ward sealed row " || form || len16 table || len16 key ||
// version. The form is a digit.
Buffer bound_to(const SealedPlace& place, RowForm form, std::uint64_t version) {
  Writer w;
  w.bytes(as_bytes(form == RowForm::kWithTerms ? "ward sealed row 2" : "ward sealed row 1"));
  w.u16be(static_cast<std::uint16_t>(place.table.size()));
  w.bytes(as_bytes(place.table));
  w.u16be(static_cast<std::uint16_t>(place.key.size()));
  w.bytes(as_bytes(place.key));
  w.u64be(version);
  return w.take();
}

Result<crypto::Aead> cipher(const SecretBytes& key) {
  return crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, key.expose());
}

}  // namespace

Result<SealedRow> SealedRows::get(store::View& view, std::string_view table,
                                  std::string_view key) const {
  return get(view, SealedPlace{table, std::string(key), RowForm::kPlain});
}

Result<SealedRow> SealedRows::get(store::View& view, const SealedPlace& place) const {
  WARD_TRY(const store::Row row, view.get(place.table, place.key));
  SealedRow out;
  out.version = row.version;
  if (!row.value) return out;
  Reader r(*row.value);
  std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce{};
  if (!r.array(nonce)) return Error(Errc::kUntrusted, "broker.row: too short");
  WARD_TRY(crypto::Aead aead, cipher(key_));
  for (const RowForm form : {RowForm::kWithTerms, RowForm::kPlain}) {
    if (place.form != form && place.form != RowForm::kEither) continue;
    auto opened = aead.open(nonce, bound_to(place, form, row.version), r.rest());
    if (!opened) continue;
    out.form = form;
    out.value = *std::move(opened);
    return out;
  }
  return Error(Errc::kUntrusted, "broker.row: changed, moved or older");
}

Result<std::uint64_t> SealedRows::put(store::Transaction& tx, std::string_view table,
                                      std::string_view key, Bytes value, std::uint64_t expected,
                                      crypto::Rng& rng) const {
  return put(tx, SealedPlace{table, std::string(key), RowForm::kPlain}, value, expected, rng);
}

Result<std::uint64_t> SealedRows::put(store::Transaction& tx, const SealedPlace& place, Bytes value,
                                      std::uint64_t expected, crypto::Rng& rng) const {
  if (place.form == RowForm::kEither) return Error(Errc::kInternal, "broker.row: form");
  WARD_CHECK_OK(store::check_name(place.table, place.key));
  const auto nonce = crypto::random_array<crypto::kAeadNonceBytes>(rng);
  WARD_TRY(crypto::Aead aead, cipher(key_));
  WARD_TRY(const Buffer sealed, aead.seal(nonce, bound_to(place, place.form, expected + 1), value));
  return tx.put(place.table, place.key, concat({nonce, sealed}), expected);
}

}  // namespace ward::broker
