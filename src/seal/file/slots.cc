#include <algorithm>
#include <optional>
#include <string_view>

#include "crypto/kdf.h"
#include "crypto/keywrap.h"
#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"
#include "token/jwe.h"
#include "token/jwk.h"

namespace ward::seal {
namespace {

constexpr std::uint32_t kScryptR = 8;
constexpr std::uint32_t kScryptP = 1;

// Kek is a key-encryption key: one of a provider, or octets at hand. All is borrowed.
struct Kek {
  const keys::KeyProvider* keys = nullptr;
  std::string_view id;
  Bytes octets;  // where keys is nullptr

  [[nodiscard]] Result<Buffer> wrap(Bytes key) const {
    return keys != nullptr ? keys->wrap(id, key) : crypto::wrap_key(octets, key);
  }

  [[nodiscard]] Result<SecretBytes> unwrap(Bytes wrapped) const {
    return keys != nullptr ? keys->unwrap(id, wrapped) : crypto::unwrap_key(octets, wrapped);
  }
};

Result<SecretBytes> passphrase_kek(const SecretBytes& passphrase, Bytes salt, std::uint32_t log_n) {
  const crypto::ScryptCost cost{.n = std::uint64_t{1} << log_n, .r = kScryptR, .p = kScryptP};
  return crypto::scrypt(passphrase.expose(), salt, cost, kFileKeyBytes);
}

// wrap_into fills the two members that every wrapping slot has.
template <class S>
Result<void> wrap_into(const Kek& kek, const FileKey& key, const FileId& id, S& slot) {
  WARD_TRY(const Buffer wrapped, kek.wrap(key.secret.expose()));
  WARD_TRY(const Buffer check, kek.wrap(id));
  const auto wrapped_octets = to_array<std::tuple_size_v<WrappedKey>>(wrapped);
  const auto check_octets = to_array<std::tuple_size_v<KeyCheck>>(check);
  if (!wrapped_octets || !check_octets) {
    return Error(Errc::kInternal, "seal.file: size of a wrapped key");
  }
  slot.wrapped = *wrapped_octets;
  slot.check = *check_octets;
  return {};
}

struct SlotMaker {
  const FileKey& key;
  const FileId& id;
  crypto::Rng& rng;

  Result<Slot> operator()(const ToResource& to) const {
    ResourceSlot slot;
    slot.resource = to.resource;
    WARD_CHECK_OK(wrap_into({.keys = to.keys, .id = to.resource, .octets = {}}, key, id, slot));
    return Slot{std::move(slot)};
  }

  Result<Slot> operator()(const ToPassphrase& to) const {
    if (to.passphrase->empty() || to.log_n < kMinLogN || to.log_n > kMaxLogN) {
      return fault_error(Fault::kHeaderMalformed);
    }
    PassphraseSlot slot;
    slot.log_n = to.log_n;
    rng.fill(slot.salt);
    WARD_TRY(const SecretBytes kek, passphrase_kek(*to.passphrase, slot.salt, slot.log_n));
    WARD_CHECK_OK(wrap_into({.keys = nullptr, .id = {}, .octets = kek.expose()}, key, id, slot));
    return Slot{slot};
  }

  Result<Slot> operator()(const ToRecipient& to) const {
    if (to.key.type() != crypto::KeyType::kP256) {
      return Error(Errc::kUnsupported, "seal.file: a recipient's key is on P-256");
    }
    WARD_TRY(const token::Jwe jwe, token::encrypt_jwe(to.key, key.secret.expose(), rng));
    return Slot{RecipientSlot{.kid = token::thumbprint(to.key), .jwe = token::to_compact(jwe)}};
  }
};

Result<FileKey> file_key_of(const SecretBytes& octets) {
  FileKey out;
  if (octets.size() != kFileKeyBytes) return fault_error(Fault::kHeaderChanged);
  std::copy(octets.expose().begin(), octets.expose().end(), out.secret.expose_mut().begin());
  return out;
}

// The check tells whether the key is right, apart from what it wraps.
Result<FileKey> unwrap_slot(const Kek& kek, Bytes wrapped, Bytes check, const FileId& id) {
  const auto checked = kek.unwrap(check);
  if (!checked && checked.error().code() != Errc::kUntrusted) return checked.error();
  const auto key = kek.unwrap(wrapped);
  if (!key && key.error().code() != Errc::kUntrusted) return key.error();
  if (!checked && !key) return fault_error(Fault::kWrongKey);
  if (!checked || !key || !ct_equal(checked->expose(), id)) {
    return fault_error(Fault::kHeaderChanged);
  }
  return file_key_of(*key);
}

using Attempt = Result<std::optional<FileKey>>;  // nullopt: the slot is for another key

Attempt some(Result<FileKey> key) {
  if (!key) return key.error();
  return std::optional<FileKey>(*std::move(key));
}

struct SlotOpener {
  const Credentials& credentials;
  const FileId& id;

  Attempt operator()(const ResourceSlot& slot) const {
    const keys::KeyProvider* keys = credentials.keys;
    if (keys == nullptr || !keys->has_wrapping_key(slot.resource)) return std::optional<FileKey>();
    const Kek kek{.keys = keys, .id = slot.resource, .octets = {}};
    return some(unwrap_slot(kek, slot.wrapped, slot.check, id));
  }

  Attempt operator()(const PassphraseSlot& slot) const {
    if (credentials.passphrase == nullptr) return std::optional<FileKey>();
    WARD_TRY(const SecretBytes octets,
             passphrase_kek(*credentials.passphrase, slot.salt, slot.log_n));
    const Kek kek{.keys = nullptr, .id = {}, .octets = octets.expose()};
    return some(unwrap_slot(kek, slot.wrapped, slot.check, id));
  }

  Attempt operator()(const RecipientSlot& slot) const {
    const crypto::PrivateKey* identity = credentials.identity;
    if (identity == nullptr || token::thumbprint(identity->public_key()) != slot.kid) {
      return std::optional<FileKey>();
    }
    const auto jwe = token::parse_compact_jwe(slot.jwe);
    if (!jwe) return fault_error(Fault::kHeaderChanged);
    const auto octets = token::decrypt_jwe(*jwe, *identity);
    // The kid is this key's, so what does not open was changed.
    if (!octets) return fault_error(Fault::kHeaderChanged);
    return some(file_key_of(*octets));
  }
};

}  // namespace

Result<Slot> make_slot(const Receiver& receiver, const FileKey& key, const FileId& id,
                       crypto::Rng& rng) {
  return std::visit(SlotMaker{.key = key, .id = id, .rng = rng}, receiver);
}

Result<FileKey> unlock(const Head& head, const Credentials& credentials) {
  std::optional<Error> refused;
  for (const Slot& slot : head.header.slots) {
    Attempt attempt =
        std::visit(SlotOpener{.credentials = credentials, .id = head.header.id}, slot);
    if (!attempt) {
      if (!refused) refused = attempt.error();
      continue;
    }
    if (!attempt->has_value()) continue;
    // The slot's key is the right one, so a head that does not fit it was changed.
    if (!authenticate(head, **attempt)) return fault_error(Fault::kHeaderChanged);
    return **std::move(attempt);
  }
  if (refused) return *refused;
  return fault_error(Fault::kNoSlot);
}

}  // namespace ward::seal
