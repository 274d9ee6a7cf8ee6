#include <array>
#include <cstdlib>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>

#include "bench/bare.h"

// What a handshake needs beside signatures of EC keys that are verified.
namespace ward::bench {
namespace {

struct Free {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }

  void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }

  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

using Key = std::unique_ptr<EVP_PKEY, Free>;

std::string openssl_name() {
  return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
}

Key new_key(int type) {
  const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new_id(type, nullptr));
  EVP_PKEY* key = nullptr;
  const bool made = context && EVP_PKEY_keygen_init(context.get()) == 1 &&
                    (type != EVP_PKEY_EC || EVP_PKEY_CTX_set_ec_paramgen_curve_nid(
                                                context.get(), NID_X9_62_prime256v1) == 1) &&
                    EVP_PKEY_keygen(context.get(), &key) == 1;
  if (!made) std::abort();
  return Key(key);
}

Bare agreement(std::string name, int type) {
  return {std::move(name), openssl_name(), [type, peer = std::shared_ptr<EVP_PKEY>(new_key(type))] {
            const Key own = new_key(type);
            const std::unique_ptr<EVP_PKEY_CTX, Free> context(EVP_PKEY_CTX_new(own.get(), nullptr));
            std::array<unsigned char, 32> secret{};
            std::size_t size = secret.size();
            return context && EVP_PKEY_derive_init(context.get()) == 1 &&
                   EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
                   EVP_PKEY_derive(context.get(), secret.data(), &size) == 1;
          }};
}

}  // namespace

Bare bare_x25519() { return agreement("X25519 key and secret", EVP_PKEY_X25519); }

Bare bare_p256_agreement() { return agreement("ECDH P-256 key and secret", EVP_PKEY_EC); }

Bare bare_ed25519_sign(Bytes message) {
  return {
      "Ed25519 signature", openssl_name(),
      [key = std::shared_ptr<EVP_PKEY>(new_key(EVP_PKEY_ED25519)), message = to_buffer(message)] {
        const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
        std::array<unsigned char, 64> signature{};
        std::size_t size = signature.size();
        return context &&
               EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
               EVP_DigestSign(context.get(), signature.data(), &size, message.data(),
                              message.size()) == 1;
      }};
}

}  // namespace ward::bench
