#include "crypto/rng.h"

#include <algorithm>
#include <limits>

#include <openssl/rand.h>

#include "crypto/digest.h"
#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kMaxCall = std::size_t{1} << 20U;
constexpr std::uint64_t kMaxStream = std::uint64_t{64} << 32U;  // the block counter's range

}  // namespace

void SystemRng::fill(std::span<std::uint8_t> out) {
  while (!out.empty()) {
    const std::size_t n = std::min(out.size(), kMaxCall);
    must(RAND_bytes(out.data(), static_cast<int>(n)) == 1);
    out = out.subspan(n);
  }
}

struct SeededRng::State {
  CipherCtxPtr ctx{must_get(EVP_CIPHER_CTX_new())};
  std::uint64_t left = kMaxStream;
};

SeededRng::SeededRng(Bytes seed) : state_(std::make_unique<State>()) {
  constexpr std::size_t kKeyBytes = 32;
  Secret<kKeyBytes> key;
  const MdCtxPtr hash(must_get(EVP_MD_CTX_new()));
  const Bytes domain = as_bytes("ward seeded rng 1");
  must(EVP_DigestInit_ex2(hash.get(), md_of(Hash::kSha256), nullptr) == 1 &&
       EVP_DigestUpdate(hash.get(), domain.data(), domain.size()) == 1 &&
       EVP_DigestUpdate(hash.get(), seed.data(), seed.size()) == 1 &&
       EVP_DigestFinal_ex(hash.get(), key.expose_mut().data(), nullptr) == 1);
  const std::array<std::uint8_t, 16> counter_and_nonce{};
  must(EVP_EncryptInit_ex2(state_->ctx.get(), EVP_chacha20(), key.expose().data(),
                           counter_and_nonce.data(), nullptr) == 1);
}

SeededRng::~SeededRng() = default;

void SeededRng::fill(std::span<std::uint8_t> out) {
  must(out.size() <= state_->left);
  state_->left -= out.size();
  std::ranges::fill(out, std::uint8_t{0});
  while (!out.empty()) {
    const std::size_t n = std::min(out.size(), kMaxCall);
    int written = 0;
    must(EVP_EncryptUpdate(state_->ctx.get(), out.data(), &written, out.data(),
                           static_cast<int>(n)) == 1 &&
         static_cast<std::size_t>(written) == n);
    out = out.subspan(n);
  }
}

}  // namespace ward::crypto
