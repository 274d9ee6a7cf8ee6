// Any octets as a checkpoint and as a key: no crash, nothing opens but what was signed, a key
// writes back.
#include "base/fuzz.h"
#include "crypto/sign.h"
#include "ledger/note.h"

namespace {

using namespace ward;

const crypto::PrivateKey& private_key() {
  static const crypto::PrivateKey key = [] {
    crypto::SeededRng rng(as_bytes("note_fuzz"));
    auto made = crypto::PrivateKey::generate(crypto::KeyType::kEd25519, rng);
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

const ledger::NoteKey& fixed_key() {
  static const ledger::NoteKey key = [] {
    auto made = ledger::NoteKey::make("log.example/fuzz", private_key().public_key());
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

// signed_note is the one checkpoint that the key ever signed, of the seed `signed`; what it signed
// for other seeds is no checkpoint, or the same with one more line.
const std::string& signed_note() {
  static const std::string note = [] {
    const ledger::NoteSigner signer = {fixed_key(), [](Bytes message) {
                                         return private_key().sign(
                                             crypto::SignatureAlgorithm::kEd25519, message);
                                       }};
    auto made = ledger::sign_checkpoint(signer, 7, ledger::NodeHash{});
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return note;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 15U) return 0;
  const std::string_view text = as_text(Bytes(data, size));
  if (!ledger::open_checkpoint(signed_note(), fixed_key())) __builtin_trap();
  if (const auto opened = ledger::open_checkpoint(text, fixed_key())) {
    if (opened->origin != fixed_key().name() || opened->size != 7 ||
        opened->root != ledger::NodeHash{}) {
      __builtin_trap();
    }
  }
  if (const auto key = ledger::NoteKey::parse(text)) {
    if (key->to_text() != text) __builtin_trap();
  }
  return 0;
}
