#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/note.h"

namespace ward::ledger {

// test_signer signs with an Ed25519 key whose seed is 32 times `seed`.
[[nodiscard]] NoteSigner test_signer(std::string_view name, std::uint8_t seed);

// sign_text signs any body as a note.
[[nodiscard]] std::string sign_text(const NoteSigner& signer, const std::string& body);

}  // namespace ward::ledger
