#include "apps/ward/key_files.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file_error.h"
#include "codec/pem.h"
#include "token/jwk.h"

namespace ward::cli {
namespace {

constexpr std::size_t kResourceKeyBytes = 32;
constexpr std::size_t kMaxPassphraseBytes = 1024;
constexpr std::size_t kMaxKeyFileBytes = std::size_t{64} << 10U;
constexpr std::size_t kMaxJwksBytes = std::size_t{1} << 20U;

Result<std::size_t> read_some(int fd, std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    const ssize_t n = ::read(fd, out.data() + filled, out.size() - filled);
    if (n < 0) return file_error(errno);
    if (n == 0) break;
    filled += static_cast<std::size_t>(n);
  }
  return filled;
}

// KeyFile is a small file's content, and whether others than its owner may read it.
struct KeyFile {
  SecretBytes octets;
  bool open_to_others = false;
};

Result<KeyFile> read_open(int fd, std::size_t max) {
  struct stat info {};

  if (::fstat(fd, &info) != 0) return Error(Errc::kUnavailable, "key file: cannot be read");
  if (S_ISDIR(info.st_mode)) return file_error(EISDIR);
  if (!S_ISREG(info.st_mode)) return Error(Errc::kMalformed, "key file: not a regular file");
  KeyFile out{.octets = SecretBytes(max + 1),
              .open_to_others = (info.st_mode & (S_IRGRP | S_IROTH)) != 0};
  WARD_TRY(const std::size_t size, read_some(fd, out.octets.expose_mut()));
  if (size > max) return Error(Errc::kMalformed, "key file: larger than ward reads: octets", max);
  out.octets.shrink(size);
  return out;
}

Result<KeyFile> read_key_file(const std::string& path, std::size_t max) {
  // A FIFO is not waited for.
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (fd < 0) return file_error(errno);
  auto out = read_open(fd, max);
  ::close(fd);
  return out;
}

// check_owner is for what has turned out to be a private key.
Result<void> check_owner(const KeyFile& file) {
  if (file.open_to_others) {
    return Error(Errc::kUntrusted, "key file: group or others may read a private key");
  }
  return {};
}

// other_kind says what is wanted, and how `openssl ecparam -genkey` is turned into it.
Error other_kind(bool sec1, std::string_view label) {
  if (sec1) {
    return {Errc::kMalformed,
            "key file: EC PRIVATE KEY (SEC 1), not PKCS#8: openssl pkcs8 -topk8 -nocrypt -in FILE"};
  }
  if (label != "PRIVATE KEY") {
    return {Errc::kMalformed, "key file: PEM of another kind than one PUBLIC KEY"};
  }
  return {Errc::kMalformed, "key file: PEM of another kind than one PRIVATE KEY (PKCS#8)"};
}

// One block of `label`, in memory that is wiped.
Result<SecretBytes> read_pem(const SecretBytes& text, std::string_view label) {
  auto blocks = codec::parse_pem(as_text(text.expose()));
  if (!blocks) return Error(Errc::kMalformed, "key file: not PEM");
  if (blocks->size() != 1 || blocks->front().label != label) {
    const bool sec1 = std::ranges::any_of(
        *blocks, [](const codec::PemBlock& block) { return block.label == "EC PRIVATE KEY"; });
    for (codec::PemBlock& block : *blocks) {
      wipe(block.der);
    }
    return other_kind(sec1, label);
  }
  SecretBytes der = SecretBytes::copy_of(blocks->front().der);
  wipe(blocks->front().der);
  return der;
}

Result<crypto::PrivateKey> identity_in(const SecretBytes& text) {
  WARD_TRY(const SecretBytes der, read_pem(text, "PRIVATE KEY"));
  auto key = crypto::PrivateKey::from_pkcs8(der.expose());
  if (!key || key->type() != crypto::KeyType::kP256) {
    return Error(Errc::kMalformed, "identity: not a P-256 private key");
  }
  return key;
}

}  // namespace

SecretBytes secret_base64(Bytes secret) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  SecretBytes out((secret.size() + 2) / 3 * 4);
  std::size_t at = 0;
  for (std::size_t from = 0; from < secret.size(); from += 3) {
    const auto octet = [&](std::size_t i) -> unsigned {
      return from + i < secret.size() ? secret[from + i] : 0U;
    };
    const unsigned bits = (octet(0) << 16U) | (octet(1) << 8U) | octet(2);
    const std::size_t have = std::min<std::size_t>(3, secret.size() - from);
    for (unsigned i = 0; i < 4; ++i) {
      const char c = i <= have ? kAlphabet[(bits >> (18 - 6 * i)) & 63U] : '=';
      out.expose_mut()[at++] = static_cast<std::uint8_t>(c);
    }
  }
  return out;
}

Result<SecretBytes> read_secret(const std::string& path, std::size_t max) {
  WARD_TRY(KeyFile file, read_key_file(path, max));
  return std::move(file.octets);
}

Result<SecretBytes> read_resource_key(const std::string& path) {
  WARD_TRY(KeyFile file, read_key_file(path, kMaxKeyFileBytes));
  if (file.octets.size() != kResourceKeyBytes) {
    return Error(Errc::kMalformed, "resource key: 32 octets expected, found", file.octets.size());
  }
  WARD_CHECK_OK(check_owner(file));
  return std::move(file.octets);
}

Result<SecretBytes> read_passphrase(const std::string& path) {
  WARD_TRY(SecretBytes words, read_secret(path, kMaxPassphraseBytes));
  if (!words.empty() && words.expose().back() == '\n') {
    words.shrink(words.size() - 1);
    if (!words.empty() && words.expose().back() == '\r') words.shrink(words.size() - 1);
  }
  if (words.empty()) return Error(Errc::kMalformed, "passphrase: empty");
  return words;
}

Result<crypto::PrivateKey> read_identity(const std::string& path) {
  WARD_TRY(const KeyFile file, read_key_file(path, kMaxKeyFileBytes));
  WARD_TRY(crypto::PrivateKey key, identity_in(file.octets));
  WARD_CHECK_OK(check_owner(file));
  return key;
}

Result<crypto::PrivateKey> read_signing_key(const std::string& path) {
  WARD_TRY(const KeyFile file, read_key_file(path, kMaxKeyFileBytes));
  WARD_TRY(const SecretBytes der, read_pem(file.octets, "PRIVATE KEY"));
  WARD_TRY(crypto::PrivateKey key, crypto::PrivateKey::from_pkcs8(der.expose()));
  WARD_CHECK_OK(check_owner(file));
  return key;
}

Result<crypto::PublicKey> read_recipient(const std::string& path) {
  WARD_TRY(const SecretBytes text, read_secret(path, kMaxKeyFileBytes));
  const auto is_p256 = [](const auto& key) { return key && key->type() == crypto::KeyType::kP256; };
  const auto jwk = token::parse_jwk(text.expose());
  if (jwk) {
    if (jwk->key.type() == crypto::KeyType::kP256 &&
        token::allows(*jwk, token::KeyUse::kEncrypt, "ECDH-ES+A256KW")) {
      return jwk->key;
    }
    return Error(Errc::kMalformed, "recipient: not a P-256 key for encryption");
  }
  if (jwk.error().code() == Errc::kDenied) {
    return Error(Errc::kMalformed, "recipient: this is a private key");
  }
  WARD_TRY(const SecretBytes der, read_pem(text, "PUBLIC KEY"));
  auto key = crypto::PublicKey::from_spki(der.expose());
  if (!is_p256(key)) return Error(Errc::kMalformed, "recipient: not a P-256 public key");
  return key;
}

Result<crypto::PublicKey> read_either_half(const std::string& path) {
  WARD_TRY(const SecretBytes text, read_secret(path, kMaxKeyFileBytes));
  if (!identity_in(text)) return read_recipient(path);
  WARD_TRY(const crypto::PrivateKey key, read_identity(path));
  return key.public_key();
}

Result<token::JwsKey> read_verifying_key(const std::string& path) {
  WARD_TRY(const SecretBytes text, read_secret(path, kMaxKeyFileBytes));
  WARD_TRY(const SecretBytes der, read_pem(text, "PUBLIC KEY"));
  WARD_TRY(crypto::PublicKey key, crypto::PublicKey::from_spki(der.expose()));
  const token::JwsAlgorithm algorithm = token::native_algorithm(key.type());
  return token::JwsKey{algorithm, std::move(key), {}};
}

Result<std::vector<token::JwsKey>> read_jwks(const std::string& path) {
  WARD_TRY(const SecretBytes text, read_secret(path, kMaxJwksBytes));
  WARD_TRY(const std::vector<token::Jwk> set, token::parse_jwks(text.expose()));
  std::vector<token::JwsKey> out;
  for (const token::Jwk& jwk : set) {
    if (auto key = token::jws_key(jwk)) out.push_back(*std::move(key));
  }
  if (out.empty()) return Error(Errc::kMalformed, "JWKS: no key for signatures");
  return out;
}

}  // namespace ward::cli
