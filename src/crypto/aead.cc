#include "crypto/aead.h"

#include <algorithm>
#include <utility>

#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

struct Cipher {
  EVP_CIPHER* handle;
  std::size_t key_bytes;
};

// Fetched once; freed by the process's end.
EVP_CIPHER* fetch(const char* name) { return must_get(EVP_CIPHER_fetch(nullptr, name, nullptr)); }

Cipher cipher_of(AeadAlgorithm algorithm) {
  static EVP_CIPHER* const aes128 = fetch("AES-128-GCM");
  static EVP_CIPHER* const aes256 = fetch("AES-256-GCM");
  static EVP_CIPHER* const chacha = fetch("ChaCha20-Poly1305");
  switch (algorithm) {
    case AeadAlgorithm::kAes128Gcm:
      return {aes128, 16};
    case AeadAlgorithm::kAes256Gcm:
      return {aes256, 32};
    case AeadAlgorithm::kChaCha20Poly1305:
      return {chacha, 32};
  }
  std::abort();
}

void update(EVP_CIPHER_CTX* ctx, std::uint8_t* out, Bytes in) {
  if (in.empty()) return;
  int written = 0;
  must(EVP_CipherUpdate(ctx, out, &written, in.data(), static_cast<int>(in.size())) == 1 &&
       static_cast<std::size_t>(written) == in.size());
}

void begin(EVP_CIPHER_CTX* ctx, AeadNonce nonce, Bytes aad) {
  must(EVP_CipherInit_ex2(ctx, nullptr, nullptr, nonce.data(), -1, nullptr) == 1);
  update(ctx, nullptr, aad);
}

bool too_long(Bytes aad, Bytes text) {
  return aad.size() > kAeadMaxBytes || text.size() > kAeadMaxBytes;
}

}  // namespace

std::size_t aead_key_bytes(AeadAlgorithm algorithm) { return cipher_of(algorithm).key_bytes; }

struct Aead::State {
  CipherCtxPtr seal{must_get(EVP_CIPHER_CTX_new())};
  CipherCtxPtr open{must_get(EVP_CIPHER_CTX_new())};
};

Aead::Aead(std::unique_ptr<State> state) : state_(std::move(state)) {}

Aead::Aead(Aead&&) noexcept = default;
Aead& Aead::operator=(Aead&&) noexcept = default;
Aead::~Aead() = default;

Result<Aead> Aead::create(AeadAlgorithm algorithm, Bytes key) {
  const Cipher cipher = cipher_of(algorithm);
  if (key.size() != cipher.key_bytes) {
    return Error(Errc::kMalformed, "crypto.aead: key size", key.size());
  }
  auto state = std::make_unique<State>();
  must(EVP_CipherInit_ex2(state->seal.get(), cipher.handle, key.data(), nullptr, 1, nullptr) == 1 &&
       EVP_CipherInit_ex2(state->open.get(), cipher.handle, key.data(), nullptr, 0, nullptr) == 1);
  return Aead(std::move(state));
}

Result<void> Aead::seal_detached(AeadNonce nonce, Bytes aad, Bytes plaintext,
                                 std::span<std::uint8_t> ciphertext,
                                 std::span<std::uint8_t, kAeadTagBytes> tag) {
  must(state_ != nullptr && ciphertext.size() == plaintext.size());
  if (too_long(aad, plaintext)) return Error(Errc::kLimit, "crypto.aead: size");
  EVP_CIPHER_CTX* const ctx = state_->seal.get();
  begin(ctx, nonce, aad);
  update(ctx, ciphertext.data(), plaintext);
  int none = 0;
  must(EVP_CipherFinal_ex(ctx, tag.data(), &none) == 1 && none == 0);
  must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, kAeadTagBytes, tag.data()) == 1);
  return {};
}

Result<void> Aead::open_detached(AeadNonce nonce, Bytes aad, Bytes ciphertext,
                                 std::span<const std::uint8_t, kAeadTagBytes> tag,
                                 std::span<std::uint8_t> out) {
  must(state_ != nullptr && out.size() == ciphertext.size());
  if (too_long(aad, ciphertext)) return Error(Errc::kLimit, "crypto.aead: size");
  const ErrorScope errors;
  EVP_CIPHER_CTX* const ctx = state_->open.get();
  std::array<std::uint8_t, kAeadTagBytes> expected{};  // the library takes it without const
  std::ranges::copy(tag, expected.begin());
  begin(ctx, nonce, aad);
  must(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, kAeadTagBytes, expected.data()) == 1);
  update(ctx, out.data(), ciphertext);
  int none = 0;
  std::array<std::uint8_t, kAeadTagBytes> unused{};
  if (EVP_CipherFinal_ex(ctx, unused.data(), &none) != 1) {
    wipe(out);
    return Error(Errc::kUntrusted, "crypto.aead: does not authenticate");
  }
  return {};
}

Result<void> Aead::seal(AeadNonce nonce, Bytes aad, Bytes plaintext, std::span<std::uint8_t> out) {
  must(out.size() == plaintext.size() + kAeadTagBytes);
  return seal_detached(nonce, aad, plaintext, out.first(plaintext.size()),
                       out.last<kAeadTagBytes>());
}

Result<void> Aead::open(AeadNonce nonce, Bytes aad, Bytes sealed, std::span<std::uint8_t> out) {
  if (sealed.size() < kAeadTagBytes) {
    must(out.empty());
    return Error(Errc::kTruncated, "crypto.aead: shorter than a tag", sealed.size());
  }
  return open_detached(nonce, aad, sealed.first(sealed.size() - kAeadTagBytes),
                       sealed.last<kAeadTagBytes>(), out);
}

Result<Buffer> Aead::seal(AeadNonce nonce, Bytes aad, Bytes plaintext) {
  if (too_long(aad, plaintext)) return Error(Errc::kLimit, "crypto.aead: size");
  Buffer out(plaintext.size() + kAeadTagBytes);
  WARD_CHECK_OK(seal(nonce, aad, plaintext, out));
  return out;
}

Result<SecretBytes> Aead::open(AeadNonce nonce, Bytes aad, Bytes sealed) {
  if (sealed.size() < kAeadTagBytes) {
    return Error(Errc::kTruncated, "crypto.aead: shorter than a tag", sealed.size());
  }
  SecretBytes out(sealed.size() - kAeadTagBytes);
  WARD_CHECK_OK(open(nonce, aad, sealed, out.expose_mut()));
  return out;
}

}  // namespace ward::crypto
