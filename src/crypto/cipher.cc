#include "crypto/cipher.h"

#include <algorithm>
#include <utility>

#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kMaxCall = std::size_t{1} << 30U;

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

}  // namespace ward::crypto
