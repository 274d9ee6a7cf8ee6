#pragma once

#include <array>
#include <string_view>

#include "base/result.h"
#include "crypto/sign.h"

namespace ward::server {

// kTokenAlgorithms are the signatures that results may have, by their names in JOSE, the usual one
// first.
inline constexpr std::array<std::string_view, 3> kTokenAlgorithms = {"ES256", "ES384", "EdDSA"};

// token_key_type is the kind of key that signs by one of kTokenAlgorithms: P-256, P-384, Ed25519.
// kUnsupported for another name.
[[nodiscard]] Result<crypto::KeyType> token_key_type(std::string_view algorithm);

// token_algorithm is what results are signed by with a key of this kind (token::native_algorithm):
// one of kTokenAlgorithms, or kUnsupported.
[[nodiscard]] Result<std::string_view> token_algorithm(crypto::KeyType type);

}  // namespace ward::server
