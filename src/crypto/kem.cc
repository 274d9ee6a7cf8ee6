#include "crypto/kem.h"

#include <openssl/rsa.h>

#include "crypto/internal/private_key.h"
#include "crypto/internal/public_key.h"

namespace ward::crypto {

namespace {

PkeyPtr x25519_pair(std::span<const std::uint8_t, 32> scalar) {
  return PkeyPtr(must_get(
      EVP_PKEY_new_raw_private_key_ex(nullptr, "X25519", nullptr, scalar.data(), scalar.size())));
}

void set_oaep(EVP_PKEY_CTX* ctx, OaepHash hash, Bytes label) {
  const EVP_MD* const md = hash == OaepHash::kSha1 ? EVP_sha1() : md_of(Hash::kSha256);
  must(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) == 1 &&
       EVP_PKEY_CTX_set_rsa_oaep_md(ctx, md) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, md) == 1);
  if (label.empty()) return;
  void* const copy = must_get(OPENSSL_memdup(label.data(), label.size()));  // the context frees it
  must(EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, copy, static_cast<int>(label.size())) == 1);
}

}  // namespace

Result<SecretBytes> ecdh(const PrivateKey& mine, const PublicKey& peer) {
  const Curve* const curve = curve_of(mine.type());
  if (curve == nullptr || mine.type() != peer.type()) {
    return Error(Errc::kUnsupported, "crypto.ecdh: keys are not on one curve");
  }
  const ErrorScope errors;
  const PkeyCtxPtr ctx(
      must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.impl().pkey.get(), nullptr)));
  must(EVP_PKEY_derive_init(ctx.get()) == 1 &&
       EVP_PKEY_derive_set_peer_ex(ctx.get(), peer.impl().handle(), 0) == 1);
  SecretBytes out(curve->field_bytes);
  std::size_t size = out.size();
  must(EVP_PKEY_derive(ctx.get(), out.expose_mut().data(), &size) == 1 && size == out.size());
  return out;
}

Result<Secret<32>> x25519(std::span<const std::uint8_t, 32> scalar,
                          std::span<const std::uint8_t, 32> peer) {
  const ErrorScope errors;
  const PkeyPtr mine = x25519_pair(scalar);
  const PkeyPtr theirs(must_get(
      EVP_PKEY_new_raw_public_key_ex(nullptr, "X25519", nullptr, peer.data(), peer.size())));
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, mine.get(), nullptr)));
  must(EVP_PKEY_derive_init(ctx.get()) == 1 &&
       EVP_PKEY_derive_set_peer_ex(ctx.get(), theirs.get(), 0) == 1);
  Secret<32> out;
  std::size_t size = out.expose().size();
  if (EVP_PKEY_derive(ctx.get(), out.expose_mut().data(), &size) != 1 ||
      size != out.expose().size()) {
    return Error(Errc::kUntrusted, "crypto.x25519: point of low order");
  }
  return out;
}

std::array<std::uint8_t, 32> x25519_public(std::span<const std::uint8_t, 32> scalar) {
  std::array<std::uint8_t, 32> out{};
  std::size_t size = out.size();
  must(EVP_PKEY_get_raw_public_key(x25519_pair(scalar).get(), out.data(), &size) == 1);
  return out;
}

Result<Buffer> rsa_oaep_encrypt(const PublicKey& key, OaepHash hash, Bytes plaintext, Bytes label) {
  if (key.type() != KeyType::kRsa) return Error(Errc::kUnsupported, "crypto.oaep: not an RSA key");
  const std::size_t hash_bytes = hash == OaepHash::kSha1 ? 20 : 32;
  Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(key.impl().handle())));
  if (plaintext.size() > out.size() - 2 * hash_bytes - 2) {  // RFC 8017 section 7.1.1
    return Error(Errc::kLimit, "crypto.oaep: plaintext", plaintext.size());
  }
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, key.impl().handle(), nullptr)));
  must(EVP_PKEY_encrypt_init(ctx.get()) == 1);
  set_oaep(ctx.get(), hash, label);
  std::size_t size = out.size();
  must(EVP_PKEY_encrypt(ctx.get(), out.data(), &size, plaintext.data(), plaintext.size()) == 1 &&
       size == out.size());
  return out;
}

Result<Buffer> rsa_pkcs1_encrypt(const PublicKey& key, Bytes plaintext) {
  if (key.type() != KeyType::kRsa) return Error(Errc::kUnsupported, "crypto.pkcs1: not an RSA key");
  constexpr std::size_t kPadding = 11;  // RFC 8017 section 7.2.1
  Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(key.impl().handle())));
  if (plaintext.size() > out.size() - kPadding) {
    return Error(Errc::kLimit, "crypto.pkcs1: plaintext", plaintext.size());
  }
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, key.impl().handle(), nullptr)));
  must(EVP_PKEY_encrypt_init(ctx.get()) == 1 &&
       EVP_PKEY_CTX_set_rsa_padding(ctx.get(), RSA_PKCS1_PADDING) == 1);
  std::size_t size = out.size();
  must(EVP_PKEY_encrypt(ctx.get(), out.data(), &size, plaintext.data(), plaintext.size()) == 1 &&
       size == out.size());
  return out;
}

Result<SecretBytes> rsa_oaep_decrypt(const PrivateKey& key, OaepHash hash, Bytes ciphertext,
                                     Bytes label) {
  if (key.type() != KeyType::kRsa) return Error(Errc::kUnsupported, "crypto.oaep: not an RSA key");
  const ErrorScope errors;
  const PkeyCtxPtr ctx(
      must_get(EVP_PKEY_CTX_new_from_pkey(nullptr, key.impl().pkey.get(), nullptr)));
  must(EVP_PKEY_decrypt_init(ctx.get()) == 1);
  set_oaep(ctx.get(), hash, label);
  SecretBytes out(static_cast<std::size_t>(EVP_PKEY_get_size(key.impl().pkey.get())));
  std::size_t size = out.size();
  if (ciphertext.size() != out.size() ||
      EVP_PKEY_decrypt(ctx.get(), out.expose_mut().data(), &size, ciphertext.data(),
                       ciphertext.size()) != 1 ||
      size > out.size()) {
    return Error(Errc::kUntrusted, "crypto.oaep: does not decrypt");
  }
  out.shrink(size);
  return out;
}

}  // namespace ward::crypto
