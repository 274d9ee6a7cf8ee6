#include "crypto/cipher.h"

#include <algorithm>
#include <utility>

#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxCall = std::size_t{1} << 30U;

enum class Way : std::uint8_t { kDecrypt = 0, kEncrypt = 1 };

const EVP_CIPHER* cfb_of(Bytes key) {
  if (key.size() == kKeyBytes) return EVP_aes_256_cfb128();
  return key.size() == kKeyBytes / 2 ? EVP_aes_128_cfb128() : nullptr;
}

void cfb(Way way, Bytes key, std::span<const std::uint8_t, 16> iv, Bytes in,
         std::span<std::uint8_t> out) {
  const CipherCtxPtr ctx(must_get(EVP_CIPHER_CTX_new()));
  int written = 0;
  must(in.size() <= kMaxCall &&
       EVP_CipherInit_ex2(ctx.get(), cfb_of(key), key.data(), iv.data(), static_cast<int>(way),
                          nullptr) == 1 &&
       EVP_CipherUpdate(ctx.get(), out.data(), &written, in.data(), static_cast<int>(in.size())) ==
           1 &&
       static_cast<std::size_t>(written) == in.size());
}

}  // namespace

struct AesCtr::State {
  CipherCtxPtr ctx{must_get(EVP_CIPHER_CTX_new())};
};

AesCtr::AesCtr(std::unique_ptr<State> state) : state_(std::move(state)) {}

AesCtr::AesCtr(AesCtr&&) noexcept = default;
AesCtr& AesCtr::operator=(AesCtr&&) noexcept = default;
AesCtr::~AesCtr() = default;

Result<AesCtr> AesCtr::create(Bytes key, std::span<const std::uint8_t, 16> counter) {
  if (key.size() != kKeyBytes) return Error(Errc::kMalformed, "crypto.ctr: key size", key.size());
  auto state = std::make_unique<State>();
  must(EVP_EncryptInit_ex2(state->ctx.get(), EVP_aes_256_ctr(), key.data(), counter.data(),
                           nullptr) == 1);
  return AesCtr(std::move(state));
}

AesCtr AesCtr::aes128(std::span<const std::uint8_t, 16> key,
                      std::span<const std::uint8_t, 16> counter) {
  auto state = std::make_unique<State>();
  must(EVP_EncryptInit_ex2(state->ctx.get(), EVP_aes_128_ctr(), key.data(), counter.data(),
                           nullptr) == 1);
  return AesCtr(std::move(state));
}

void AesCtr::apply(Bytes in, std::span<std::uint8_t> out) {
  must(state_ != nullptr && in.size() == out.size());
  while (!in.empty()) {
    const std::size_t n = std::min(in.size(), kMaxCall);
    int written = 0;
    must(EVP_EncryptUpdate(state_->ctx.get(), out.data(), &written, in.data(),
                           static_cast<int>(n)) == 1 &&
         static_cast<std::size_t>(written) == n);
    in = in.subspan(n);
    out = out.subspan(n);
  }
}

Result<Buffer> aes_cfb_encrypt(Bytes key, std::span<const std::uint8_t, 16> iv, Bytes plaintext) {
  if (cfb_of(key) == nullptr) return Error(Errc::kMalformed, "crypto.cfb: key size", key.size());
  Buffer out(plaintext.size());
  if (!out.empty()) cfb(Way::kEncrypt, key, iv, plaintext, out);
  return out;
}

Result<SecretBytes> aes_cfb_decrypt(Bytes key, std::span<const std::uint8_t, 16> iv,
                                    Bytes ciphertext) {
  if (cfb_of(key) == nullptr) return Error(Errc::kMalformed, "crypto.cfb: key size", key.size());
  SecretBytes out(ciphertext.size());
  if (!out.empty()) cfb(Way::kDecrypt, key, iv, ciphertext, out.expose_mut());
  return out;
}

}  // namespace ward::crypto
