#pragma once

#include <string>

#include "base/result.h"
#include "crypto/sign.h"
#include "server/key_file.h"

namespace ward::wardd {

inline constexpr int kRefused = 1;
inline constexpr int kCouldNotTell = 3;

// Failure is why the service cannot run: the exit code of DESIGN 4, and a line for people.
struct Failure {
  int exit = kCouldNotTell;
  std::string what;
  std::string hint;
};

// failed makes a Failure about `subject`: what is absent or unreachable is 3, what is there and
// wrong is 1.
[[nodiscard]] Failure failed(const Error& error, const std::string& subject);

// load_key reads a private key of one type out of a file.
[[nodiscard]] Result<crypto::PrivateKey, Failure> load_key(const std::string& path,
                                                           crypto::KeyType type);

// load_token_keys reads the file of the keys of results.
[[nodiscard]] Result<server::TokenKeys, Failure> load_token_keys(const std::string& path);

}  // namespace ward::wardd
