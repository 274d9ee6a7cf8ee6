#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signature.h"
#include "ledger/merkle.h"

// Checkpoints in C2SP's formats: https://c2sp.org/tlog-checkpoint inside
// https://c2sp.org/signed-note, signed with Ed25519.
namespace ward::ledger {

inline constexpr std::size_t kMaxNoteBytes = 16U << 10U;
inline constexpr std::size_t kMaxNoteSignatures = 16;

// NoteKey is the public half: a key name (a schema-less URL, "wardd.example/ledger") and an Ed25519
// key.
class NoteKey {
 public:
  // make checks the name: not empty, no blanks, no '+', ASCII. kMalformed; kUnsupported for a key
  // that is not Ed25519.
  static Result<NoteKey> make(std::string_view name, const crypto::PublicKey& key);

  // parse reads the text form `<name>+<key id in hex>+<base64 of 01 || key>`. kMalformed where the
  // key id is not the key's.
  static Result<NoteKey> parse(std::string_view vkey);

  [[nodiscard]] const std::string& name() const { return name_; }

  // id is SHA-256(name || 0a || 01 || key), the first 4 octets.
  [[nodiscard]] std::uint32_t id() const { return id_; }

  [[nodiscard]] std::string to_text() const;

  [[nodiscard]] const crypto::PublicKey& key() const { return key_; }

 private:
  NoteKey(std::string name, crypto::PublicKey key, Buffer raw);

  std::string name_;
  crypto::PublicKey key_;
  Buffer raw_;  // the 32 octets
  std::uint32_t id_ = 0;
};

// NoteSigner signs with a key that may live elsewhere; `sign` returns Ed25519's 64 octets.
struct NoteSigner {
  NoteKey key;
  std::function<Result<Buffer>(Bytes message)> sign;
};

// Checkpoint says: the log `origin` had `size` leaves under this root.
struct Checkpoint {
  std::string origin;
  std::uint64_t size = 0;
  NodeHash root{};

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;
};

// sign_checkpoint writes the note; the key's name is the origin.
[[nodiscard]] Result<std::string> sign_checkpoint(const NoteSigner& signer, std::uint64_t size,
                                                  const NodeHash& root);

// open_checkpoint checks the note under exactly `key` and reads it. Signatures of other keys are
// passed over (witnesses add theirs); extension lines are allowed. kMalformed: form; kUntrusted: no
// signature of the key, a wrong one, or an origin that is not the key's name; kLimit.
[[nodiscard]] Result<Checkpoint> open_checkpoint(std::string_view note, const NoteKey& key);

// first_signer is the name and key id, "wardd.example/ledger+1a2b3c4d", that a note's first
// signature line states, for people: nothing is verified. Empty where there is none.
[[nodiscard]] std::string first_signer(std::string_view note);

}  // namespace ward::ledger
