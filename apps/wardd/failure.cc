#include "apps/wardd/failure.h"

#include "server/files.h"

namespace ward::wardd {

Failure failed(const Error& error, const std::string& subject) {
  const bool absent = error.code() == Errc::kUnavailable || error.code() == Errc::kInternal;
  std::string text = error.what();
  if (error.value()) text += " (" + std::to_string(*error.value()) + ")";
  return {absent ? kCouldNotTell : kRefused, subject + ": " + text, ""};
}

Result<crypto::PrivateKey, Failure> load_key(const std::string& path, crypto::KeyType type) {
  const auto text = server::read_secret_file(path, server::kMaxKeyFileBytes);
  if (!text) return failed(text.error(), path);
  auto key = server::parse_private_key(text->expose());
  if (!key) return failed(key.error(), path);
  if (key->type() != type) return Failure{kRefused, path + ": a key of another type", ""};
  return *std::move(key);
}

Result<server::TokenKeys, Failure> load_token_keys(const std::string& path) {
  const auto text = server::read_secret_file(path, server::kMaxKeyFileBytes);
  if (!text) return failed(text.error(), path);
  auto keys = server::parse_token_keys(text->expose());
  if (!keys) return failed(keys.error(), path);
  return *std::move(keys);
}

}  // namespace ward::wardd
