#define OPENSSL_SUPPRESS_DEPRECATED  // ECDSA_do_verify: the way with the least around it
#include "bench/bare.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <utility>

#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "crypto/p384.h"

namespace ward::bench {
namespace {

template <class T>
using Handle = std::shared_ptr<T>;

std::string openssl_name() {
  return std::string("OpenSSL ") + OpenSSL_version(OPENSSL_VERSION_STRING);
}

// OpenSSL's type of a size.
long size_of(Bytes octets) {                // NOLINT(google-runtime-int)
  return static_cast<long>(octets.size());  // NOLINT(google-runtime-int)
}

// The inputs are this program's own: what OpenSSL does not take is a mistake in it.
template <class T>
T* known(T* made) {
  if (made == nullptr) std::abort();
  return made;
}

Handle<EVP_PKEY> read_key(Bytes spki) {
  const unsigned char* at = spki.data();
  return {known(d2i_PUBKEY(nullptr, &at, size_of(spki))), EVP_PKEY_free};
}

Handle<EC_KEY> read_ec_key(Bytes spki) {
  const unsigned char* at = spki.data();
  return {known(d2i_EC_PUBKEY(nullptr, &at, size_of(spki))), EC_KEY_free};
}

Handle<ECDSA_SIG> read_signature(Bytes r_s) {
  const std::size_t half = r_s.size() / 2;
  Handle<ECDSA_SIG> out(known(ECDSA_SIG_new()), ECDSA_SIG_free);
  BIGNUM* r = BN_bin2bn(r_s.data(), static_cast<int>(half), nullptr);
  BIGNUM* s = BN_bin2bn(r_s.data() + half, static_cast<int>(half), nullptr);
  if (ECDSA_SIG_set0(out.get(), r, s) != 1) std::abort();
  return out;
}

Buffer der_of(Bytes r_s) {
  unsigned char* der = nullptr;
  const int size = i2d_ECDSA_SIG(read_signature(r_s).get(), &der);
  if (size <= 0) std::abort();
  Buffer out(der, der + size);
  OPENSSL_free(der);
  return out;
}

}  // namespace

Bare bare_p256(Bytes spki, Bytes message, Bytes r_s) {
  return {"ECDSA P-256", openssl_name(),
          [key = read_ec_key(spki), message = to_buffer(message), signature = read_signature(r_s)] {
            std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
            SHA256(message.data(), message.size(), hash.data());
            return ECDSA_do_verify(hash.data(), hash.size(), signature.get(), key.get()) == 1;
          }};
}

std::optional<Bare> bare_evp(std::string_view algorithm, Bytes spki, Bytes message,
                             Bytes signature) {
  struct Row {
    std::string_view name;
    const EVP_MD* hash;
    int padding;          // of RSA; 0: ECDSA
    const char* to_tell;  // behind the key's name
  };

  const Row rows[] = {{"ES256", EVP_sha256(), 0, ""},
                      {"ES384", EVP_sha384(), 0, ""},
                      {"ES512", EVP_sha512(), 0, ""},
                      {"ECDSA-P384-SHA256", EVP_sha256(), 0, " with SHA-256"},
                      {"RS256", EVP_sha256(), RSA_PKCS1_PADDING, ""},
                      {"RS384", EVP_sha384(), RSA_PKCS1_PADDING, ""},
                      {"RS512", EVP_sha512(), RSA_PKCS1_PADDING, ""},
                      {"PS256", EVP_sha256(), RSA_PKCS1_PSS_PADDING, "-PSS"},
                      {"PS384", EVP_sha384(), RSA_PKCS1_PSS_PADDING, "-PSS"},
                      {"PS512", EVP_sha512(), RSA_PKCS1_PSS_PADDING, "-PSS"}};
  const Row* const row = std::ranges::find(rows, algorithm, &Row::name);
  if (row == std::end(rows)) return std::nullopt;
  const Handle<EVP_PKEY> key = read_key(spki);
  const Handle<EVP_PKEY_CTX> context(known(EVP_PKEY_CTX_new(key.get(), nullptr)),
                                     EVP_PKEY_CTX_free);
  EVP_PKEY_CTX* const c = context.get();
  const bool pss = row->padding == RSA_PKCS1_PSS_PADDING;
  if (EVP_PKEY_verify_init(c) != 1 ||
      (row->padding != 0 && EVP_PKEY_CTX_set_rsa_padding(c, row->padding) != 1) ||
      EVP_PKEY_CTX_set_signature_md(c, row->hash) != 1 ||
      (pss && EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    std::abort();
  }
  const std::string bits = std::to_string(EVP_PKEY_bits(key.get()));
  return Bare{(row->padding == 0 ? "ECDSA P-" : "RSA-") + bits + row->to_tell, openssl_name(),
              [context, hash = row->hash, message = to_buffer(message),
               signature = row->padding == 0 ? der_of(signature) : to_buffer(signature)] {
                std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
                unsigned size = 0;
                return EVP_Digest(message.data(), message.size(), digest.data(), &size, hash,
                                  nullptr) == 1 &&
                       EVP_PKEY_verify(context.get(), signature.data(), signature.size(),
                                       digest.data(), size) == 1;
              }};
}

Bare bare_p384(std::string_view algorithm, Bytes spki, Bytes message, Bytes r_s) {
  const crypto::p384::Engine* engine = crypto::p384::use(nullptr);
  crypto::p384::use(engine);
  if (engine == nullptr) return *bare_evp(algorithm, spki, message, r_s);
  constexpr std::size_t kXy = 96;  // the last octets of an uncompressed point
  const bool sha256 = algorithm == "ECDSA-P384-SHA256";
  return {sha256 ? "ECDSA P-384 with SHA-256" : "ECDSA P-384", engine->name,
          [engine, xy = to_buffer(spki.last(kXy)), message = to_buffer(message),
           signature = to_buffer(r_s), hash = sha256 ? SHA256 : SHA384,
           size = EVP_MD_size(sha256 ? EVP_sha256() : EVP_sha384())] {
            std::array<unsigned char, SHA384_DIGEST_LENGTH> digest{};
            hash(message.data(), message.size(), digest.data());
            return engine->verify(xy.data(), digest.data(), static_cast<std::size_t>(size),
                                  signature.data()) == 1;
          }};
}

Bare bare_sign(Bytes pkcs8, Bytes message) {
  const unsigned char* at = pkcs8.data();
  const Handle<EVP_PKEY> key(known(d2i_AutoPrivateKey(nullptr, &at, size_of(pkcs8))),
                             EVP_PKEY_free);
  const bool p256 = EVP_PKEY_bits(key.get()) == 256;
  const Handle<EVP_MD_CTX> context(known(EVP_MD_CTX_new()), EVP_MD_CTX_free);
  return {p256 ? "ECDSA P-256 signature" : "ECDSA P-384 signature", openssl_name(),
          [key, context, hash = p256 ? EVP_sha256() : EVP_sha384(), message = to_buffer(message)] {
            std::array<unsigned char, 128> der{};
            std::size_t size = der.size();
            return EVP_DigestSignInit(context.get(), nullptr, hash, nullptr, key.get()) == 1 &&
                   EVP_DigestSign(context.get(), der.data(), &size, message.data(),
                                  message.size()) == 1;
          }};
}

Bare bare_p256_key(Bytes xy) {
  Handle<EC_GROUP> group(known(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1)), EC_GROUP_free);
  return {"point on P-256", openssl_name(),
          [group, octets = concat({Bytes(std::array<std::uint8_t, 1>{4}), xy})] {
            const Handle<EC_POINT> point(EC_POINT_new(group.get()), EC_POINT_free);
            return EC_POINT_oct2point(group.get(), point.get(), octets.data(), octets.size(),
                                      nullptr) == 1;
          }};
}

Bare bare_sha256(Bytes data) {
  return {"SHA-256", openssl_name(), [data = to_buffer(data)] {
            std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
            return SHA256(data.data(), data.size(), hash.data()) != nullptr;
          }};
}

Bare bare_sha384(Bytes data) {
  return {"SHA-384", openssl_name(), [data = to_buffer(data)] {
            std::array<unsigned char, SHA384_DIGEST_LENGTH> hash{};
            return SHA384(data.data(), data.size(), hash.data()) != nullptr;
          }};
}

Bare bare_aes256gcm(Bytes data) {
  constexpr std::size_t kTag = 16;
  const Handle<EVP_CIPHER_CTX> context(known(EVP_CIPHER_CTX_new()), EVP_CIPHER_CTX_free);
  const std::array<std::uint8_t, 32> key = {1};
  if (EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.data(), nullptr) != 1) {
    std::abort();
  }
  return {"AES-256-GCM", openssl_name(),
          [context, in = to_buffer(data), out = std::make_shared<Buffer>(data.size() + kTag)] {
            constexpr std::array<std::uint8_t, 12> kNonce{};
            int size = 0;
            EVP_CIPHER_CTX* c = context.get();
            return EVP_EncryptInit_ex(c, nullptr, nullptr, nullptr, kNonce.data()) == 1 &&
                   EVP_EncryptUpdate(c, out->data(), &size, in.data(),
                                     static_cast<int>(in.size())) == 1 &&
                   EVP_EncryptFinal_ex(c, out->data() + size, &size) == 1 &&
                   EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, kTag, out->data() + in.size()) ==
                       1;
          }};
}

Bare bare_certificate(Bytes der) {
  return {"d2i_X509", openssl_name(), [der = to_buffer(der)] {
            const unsigned char* at = der.data();
            X509* made = d2i_X509(nullptr, &at, size_of(der));
            X509_free(made);
            return made != nullptr;
          }};
}

Bare bare_crl(Bytes der) {
  return {"d2i_X509_CRL", openssl_name(), [der = to_buffer(der)] {
            const unsigned char* at = der.data();
            X509_CRL* made = d2i_X509_CRL(nullptr, &at, size_of(der));
            X509_CRL_free(made);
            return made != nullptr;
          }};
}

std::vector<std::string> bare_libraries() {
  std::vector<std::string> out = {openssl_name()};
  if (crypto::p384::name() != out.front()) out.push_back(crypto::p384::name());
  return out;
}

Base base_of(std::string name, Bare bare) {
  return {std::move(name), "1 x " + bare.algorithm + " (" + bare.library + ")",
          std::move(bare.run)};
}

}  // namespace ward::bench
