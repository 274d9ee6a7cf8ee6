#include "crypto/mac.h"

#include <array>
#include <string>
#include <utility>

#include "crypto/internal/mac.h"
#include "crypto/internal/openssl.h"

namespace ward::crypto {

namespace {

// Fetched once; freed by the process's end.
EVP_MAC* fetch(const char* name) { return must_get(EVP_MAC_fetch(nullptr, name, nullptr)); }

MacCtxPtr start(EVP_MAC* mac, const char* parameter, std::string value, Bytes key) {
  MacCtxPtr ctx(must_get(EVP_MAC_CTX_new(mac)));
  const std::array<OSSL_PARAM, 2> params = {
      OSSL_PARAM_construct_utf8_string(parameter, value.data(), 0), OSSL_PARAM_construct_end()};
  // A null key would mean "the key of before": an empty one must not be null.
  constexpr std::uint8_t kNone = 0;
  const std::uint8_t* const octets = key.empty() ? &kNone : key.data();
  must(EVP_MAC_init(ctx.get(), octets, key.size(), params.data()) == 1);
  return ctx;
}

MacCtxPtr start_hmac(Hash hash, Bytes key) {
  static EVP_MAC* const mac = fetch("HMAC");
  return start(mac, OSSL_MAC_PARAM_DIGEST, md_name(hash), key);
}

MacCtxPtr start_cmac(Bytes key) {
  static EVP_MAC* const mac = fetch("CMAC");
  return start(mac, OSSL_MAC_PARAM_CIPHER, "AES-128-CBC", key);
}

void update(EVP_MAC_CTX* ctx, Bytes data) {
  must(EVP_MAC_update(ctx, data.data(), data.size()) == 1);
}

void finish(EVP_MAC_CTX* ctx, std::span<std::uint8_t> out) {
  std::size_t size = 0;
  must(EVP_MAC_final(ctx, out.data(), &size, out.size()) == 1 && size == out.size());
}

void cmac_into(Bytes key, Bytes data, std::span<std::uint8_t> out) {
  const MacCtxPtr ctx = start_cmac(key);
  update(ctx.get(), data);
  finish(ctx.get(), out);
}

}  // namespace

void hmac_into(Hash hash, Bytes key, Bytes data, std::span<std::uint8_t> out) {
  const MacCtxPtr ctx = start_hmac(hash, key);
  update(ctx.get(), data);
  finish(ctx.get(), out);
}

Buffer hmac(Hash hash, Bytes key, Bytes data) {
  Buffer out(digest_size(hash));
  hmac_into(hash, key, data, out);
  return out;
}

SecretBytes hmac_key(Hash hash, Bytes key, Bytes data) {
  SecretBytes out(digest_size(hash));
  hmac_into(hash, key, data, out.expose_mut());
  return out;
}

bool verify_hmac(Hash hash, Bytes key, Bytes data, Bytes tag) {
  return ct_equal(hmac(hash, key, data), tag);
}

struct Hmac::State {
  MacCtxPtr ctx;
  Hash hash;
};

Hmac::Hmac(Hash hash, Bytes key)
    : state_(std::make_unique<State>(State{start_hmac(hash, key), hash})) {}

Hmac::Hmac(Hmac&&) noexcept = default;
Hmac& Hmac::operator=(Hmac&&) noexcept = default;
Hmac::~Hmac() = default;

void Hmac::update(Bytes data) {
  must(state_ != nullptr);
  crypto::update(state_->ctx.get(), data);
}

Buffer Hmac::finish() {
  must(state_ != nullptr);
  const std::unique_ptr<State> state = std::move(state_);
  Buffer out(digest_size(state->hash));
  crypto::finish(state->ctx.get(), out);
  return out;
}

CmacTag cmac_aes128(std::span<const std::uint8_t, 16> key, Bytes data) {
  CmacTag out{};
  cmac_into(key, data, out);
  return out;
}

Secret<16> cmac_aes128_key(std::span<const std::uint8_t, 16> key, Bytes data) {
  Secret<16> out;
  cmac_into(key, data, out.expose_mut());
  return out;
}

}  // namespace ward::crypto
