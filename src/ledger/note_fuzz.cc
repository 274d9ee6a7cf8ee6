// Any octets as a checkpoint and as a key: no crash, nothing unsigned opens, a key writes back.
#include "base/fuzz.h"
#include "ledger/note.h"

namespace {

const ward::ledger::NoteKey& fixed_key() {
  static const ward::ledger::NoteKey key = [] {
    auto made = ward::ledger::NoteKey::parse(
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    if (!made) __builtin_trap();
    return *std::move(made);
  }();
  return key;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ward;
  if (size > 1U << 15U) return 0;
  const std::string_view text = as_text(Bytes(data, size));
  if (ledger::open_checkpoint(text, fixed_key())) __builtin_trap();
  if (const auto key = ledger::NoteKey::parse(text)) {
    if (key->to_text() != text) __builtin_trap();
  }
  return 0;
}
