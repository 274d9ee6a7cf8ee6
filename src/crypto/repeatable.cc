#include "crypto/repeatable.h"

#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/internal/private_key.h"
#include "crypto/internal/public_key.h"
#include "crypto/kdf.h"

namespace ward::crypto {

namespace {

using LibraryPtr = std::unique_ptr<OSSL_LIB_CTX, Deleter<OSSL_LIB_CTX_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, Deleter<ECDSA_SIG_free>>;

// More than a key of 4096 bits was ever seen to take: about 0.3 MB.
constexpr std::size_t kKeyStreamBytes = std::size_t{4} << 20U;
// Nonce or salt, and what blinds the arithmetic.
constexpr std::size_t kSignatureStreamBytes = std::size_t{64} << 10U;
constexpr unsigned kStrength = 256;

// feed gives a generator the octets that it hands out, and no more: at their end it fails.
void feed(EVP_RAND_CTX* generator, std::span<std::uint8_t> stream) {
  unsigned strength = kStrength;
  OSSL_PARAM params[] = {
      OSSL_PARAM_construct_octet_string(OSSL_RAND_PARAM_TEST_ENTROPY, stream.data(), stream.size()),
      OSSL_PARAM_construct_uint(OSSL_RAND_PARAM_STRENGTH, &strength), OSSL_PARAM_construct_end()};
  must(generator != nullptr && EVP_RAND_uninstantiate(generator) == 1 &&
       EVP_RAND_instantiate(generator, kStrength, 0, nullptr, 0, params) == 1);
}

// library_over is a library of its own whose generators give the octets of `stream` (the library's
// test generator: EVP_RAND-TEST-RAND). For one thread.
LibraryPtr library_over(SecretBytes stream) {
  LibraryPtr out(must_get(OSSL_LIB_CTX_new()));
  must(RAND_set_DRBG_type(out.get(), "TEST-RAND", nullptr, nullptr, nullptr) == 1);
  feed(RAND_get0_public(out.get()), stream.expose_mut());
  feed(RAND_get0_private(out.get()), stream.expose_mut());
  return out;
}

SecretBytes drawn(Rng& rng, std::size_t size) {
  SecretBytes out(size);
  rng.fill(out.expose_mut());
  return out;
}

// The stream belongs to key, algorithm and message, so that calls do not depend on one another and
// no two messages share a nonce.
SecretBytes stream_for(Bytes pkcs8, SignatureAlgorithm algorithm, Bytes message) {
  const auto number = static_cast<std::uint8_t>(algorithm);
  const auto seed = hkdf<32>(Hash::kSha256, pkcs8, as_bytes("ward repeatable signature 1"),
                             concat({Bytes(&number, 1), sha256(message)}));
  SeededRng rng(seed.expose());
  return drawn(rng, kSignatureStreamBytes);
}

PkeyPtr read_key(Bytes pkcs8, OSSL_LIB_CTX* library) {
  const unsigned char* at = pkcs8.data();
  const auto size = static_cast<long>(pkcs8.size());  // NOLINT(google-runtime-int)
  return PkeyPtr(must_get(d2i_AutoPrivateKey_ex(nullptr, &at, size, library, nullptr)));
}

Buffer signed_with(const PrivateKey& key, SignatureAlgorithm algorithm, const Scheme& scheme,
                   Bytes message) {
  const SecretBytes pkcs8 = key.to_pkcs8();
  const LibraryPtr library = library_over(stream_for(pkcs8.expose(), algorithm, message));
  const PkeyPtr pkey = read_key(pkcs8.expose(), library.get());
  const MdCtxPtr ctx(must_get(EVP_MD_CTX_new()));
  EVP_PKEY_CTX* how = nullptr;  // the digest's own
  must(EVP_DigestSignInit_ex(ctx.get(), &how, md_name(scheme.hash), library.get(), nullptr,
                             pkey.get(), nullptr) == 1);
  if (scheme.kind == Scheme::Kind::kPss) {
    must(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
         EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
  }
  Buffer out(static_cast<std::size_t>(EVP_PKEY_get_size(pkey.get())));
  std::size_t size = out.size();
  must(EVP_DigestSign(ctx.get(), out.data(), &size, message.data(), message.size()) == 1);
  out.resize(size);
  return out;
}

}  // namespace

Result<PrivateKey> generate_rsa_from(Rng& rng, std::size_t bits, std::uint64_t exponent) {
  WARD_CHECK_OK(check_rsa_form(bits, exponent));
  const ErrorScope errors;
  const LibraryPtr library = library_over(drawn(rng, kKeyStreamBytes));
  const PkeyCtxPtr ctx(must_get(EVP_PKEY_CTX_new_from_name(library.get(), "RSA", nullptr)));
  const BnPtr e(must_get(BN_new()));
  must(BN_set_word(e.get(), exponent) == 1 && EVP_PKEY_keygen_init(ctx.get()) == 1 &&
       EVP_PKEY_CTX_set_rsa_keygen_bits(ctx.get(), static_cast<int>(bits)) == 1 &&
       EVP_PKEY_CTX_set1_rsa_keygen_pubexp(ctx.get(), e.get()) == 1);
  EVP_PKEY* made = nullptr;
  if (EVP_PKEY_generate(ctx.get(), &made) != 1) {
    return Error(Errc::kInternal, "crypto.repeatable: the generator gives no prime");
  }
  const PkeyPtr key(made);
  const std::unique_ptr<PKCS8_PRIV_KEY_INFO, Deleter<PKCS8_PRIV_KEY_INFO_free>> info(
      must_get(EVP_PKEY2PKCS8(key.get())));
  SecretBytes der(static_cast<std::size_t>(i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr)));
  unsigned char* at = der.expose_mut().data();
  must(i2d_PKCS8_PRIV_KEY_INFO(info.get(), &at) == static_cast<int>(der.size()));
  return PrivateKey::from_pkcs8(der.expose());  // a key of the library that everything else uses
}

Result<Buffer> sign_repeatably(const PrivateKey& key, SignatureAlgorithm algorithm, Bytes message) {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != key.type()) {
    return Error(Errc::kUnsupported, "crypto.repeatable: algorithm of another key");
  }
  const bool draws = scheme.kind == Scheme::Kind::kEcdsa || scheme.kind == Scheme::Kind::kPss;
  return draws ? signed_with(key, algorithm, scheme, message) : key.sign(algorithm, message);
}

Result<Buffer> sign_repeatably_rs(const PrivateKey& key, SignatureAlgorithm algorithm,
                                  Bytes message) {
  const Scheme scheme = scheme_of(algorithm);
  if (scheme.key != key.type() || scheme.kind != Scheme::Kind::kEcdsa) {
    return Error(Errc::kUnsupported, "crypto.repeatable: not ECDSA, or of another key");
  }
  const Buffer der = signed_with(key, algorithm, scheme, message);
  const unsigned char* at = der.data();
  const EcdsaPtr parts(must_get(
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()))));  // NOLINT(google-runtime-int)
  const std::size_t half = curve_of(scheme.key)->field_bytes;
  const int size = static_cast<int>(half);
  Buffer out(2 * half);
  must(BN_bn2binpad(ECDSA_SIG_get0_r(parts.get()), out.data(), size) == size &&
       BN_bn2binpad(ECDSA_SIG_get0_s(parts.get()), out.data() + half, size) == size);
  return out;
}

}  // namespace ward::crypto
