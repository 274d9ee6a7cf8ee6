#include "server/key_file.h"

#include <algorithm>
#include <utility>

#include "broker/people.h"
#include "codec/pem.h"
#include "token/jwk.h"

namespace ward::server {
namespace {

constexpr std::string_view kLabel = "PRIVATE KEY";

// secret_text moves text that holds a secret out of an ordinary string, which it wipes.
SecretBytes secret_text(std::string text) {
  SecretBytes out = SecretBytes::copy_of(as_bytes(text));
  wipe({static_cast<std::uint8_t*>(static_cast<void*>(text.data())), text.size()});
  return out;
}

// line_value returns what stands behind `name: ` at the beginning of a line.
std::string line_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (line.starts_with(name) && line.substr(name.size()).starts_with(": ")) {
      return std::string(line.substr(name.size() + 2));
    }
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return {};
}

}  // namespace

bool valid_name(std::string_view name) { return broker::is_name(name); }

SecretBytes write_private_key(const crypto::PrivateKey& key) {
  return secret_text(codec::to_pem(kLabel, key.to_pkcs8().expose()));
}

Result<crypto::PrivateKey> parse_private_key(Bytes text) {
  auto blocks = codec::parse_pem(as_text(text));
  if (!blocks) return blocks.error();
  const bool one = blocks->size() == 1 && blocks->front().label == kLabel;
  auto key = one ? crypto::PrivateKey::from_pkcs8(blocks->front().der)
                 : Result<crypto::PrivateKey>(
                       Error(Errc::kMalformed, "key file: not one block PRIVATE KEY"));
  for (codec::PemBlock& block : *blocks) {
    wipe(block.der);
  }
  return key;
}

SecretBytes write_admin_key(const AdminKey& key) {
  const SecretBytes pem = write_private_key(key.key);
  return secret_text("name: " + key.name + "\nrole: " + to_text(key.role) + "\n" +
                     std::string(as_text(pem.expose())));
}

Result<AdminKey> parse_admin_key(Bytes text) {
  const std::string_view whole = as_text(text);
  const std::string_view head = whole.substr(0, whole.find("-----BEGIN"));
  std::string name = line_value(head, "name");
  const auto role = broker::role_of(line_value(head, "role"));
  if (!valid_name(name) || !role) {
    return Error(Errc::kMalformed, "key file: no lines `name: ` and `role: ` before the key");
  }
  WARD_TRY(crypto::PrivateKey key, parse_private_key(text));
  if (key.type() != crypto::KeyType::kEd25519 && key.type() != crypto::KeyType::kP256) {
    return Error(Errc::kUnsupported, "key file: an administrator's key is Ed25519 or P-256");
  }
  return AdminKey{std::move(name), *role, std::move(key)};
}

token::JwsSigner signer_of(const crypto::PrivateKey& key) { return token::signer_of(key); }

token::JwsKey verifier_of(const crypto::PublicKey& key) {
  return {token::native_algorithm(key.type()), key, token::thumbprint(key)};
}

}  // namespace ward::server
