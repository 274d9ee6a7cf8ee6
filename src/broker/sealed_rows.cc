#include "broker/sealed_rows.h"

#include <array>
#include <utility>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/aead.h"

namespace ward::broker {
namespace {

// place is the associated data: "ward sealed row 1" || len16 table || len16 key || version.
Buffer place(std::string_view table, std::string_view key, std::uint64_t version) {
  Writer w;
  w.bytes(as_bytes("ward sealed row 1"));
  w.u16be(static_cast<std::uint16_t>(table.size()));
  w.bytes(as_bytes(table));
  w.u16be(static_cast<std::uint16_t>(key.size()));
  w.bytes(as_bytes(key));
  w.u64be(version);
  return w.take();
}

Result<crypto::Aead> cipher(const SecretBytes& key) {
  return crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, key.expose());
}

}  // namespace

Result<SealedRow> SealedRows::get(store::View& view, std::string_view table,
                                  std::string_view key) const {
  WARD_TRY(const store::Row row, view.get(table, key));
  SealedRow out;
  out.version = row.version;
  if (!row.value) return out;
  Reader r(*row.value);
  std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce{};
  if (!r.array(nonce)) return Error(Errc::kUntrusted, "broker.row: too short");
  WARD_TRY(crypto::Aead aead, cipher(key_));
  auto opened = aead.open(nonce, place(table, key, row.version), r.rest());
  if (!opened) return Error(Errc::kUntrusted, "broker.row: changed, moved or older");
  out.value = *std::move(opened);
  return out;
}

Result<std::uint64_t> SealedRows::put(store::Transaction& tx, std::string_view table,
                                      std::string_view key, Bytes value, std::uint64_t expected,
                                      crypto::Rng& rng) const {
  WARD_CHECK_OK(store::check_name(table, key));
  const auto nonce = crypto::random_array<crypto::kAeadNonceBytes>(rng);
  WARD_TRY(crypto::Aead aead, cipher(key_));
  WARD_TRY(const Buffer sealed, aead.seal(nonce, place(table, key, expected + 1), value));
  return tx.put(table, key, concat({nonce, sealed}), expected);
}

}  // namespace ward::broker
