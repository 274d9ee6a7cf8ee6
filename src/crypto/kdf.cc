#include "crypto/kdf.h"

#include <algorithm>
#include <bit>
#include <string>
#include <vector>

#include "base/writer.h"
#include "crypto/internal/mac.h"
#include "crypto/internal/openssl.h"
#include "crypto/mac.h"

namespace ward::crypto {

namespace {

constexpr std::size_t kHkdfMaxBlocks = 255;

// Fetched once; freed by the process's end.
EVP_KDF* fetch(const char* name) { return must_get(EVP_KDF_fetch(nullptr, name, nullptr)); }

// Parameters of one derivation; borrows its octets.
class KdfParams {
 public:
  explicit KdfParams(const char* digest_name = nullptr) {
    if (digest_name == nullptr) return;
    digest_ = digest_name;
    params_.push_back(OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest_.data(), 0));
  }

  void octets(const char* name, Bytes value) {
    // The library takes no null for "empty", and only reads what it is given.
    static std::uint8_t none = 0;
    // NOLINTNEXTLINE(*-pro-type-const-cast)
    auto* const data = value.empty() ? &none : const_cast<std::uint8_t*>(value.data());
    params_.push_back(OSSL_PARAM_construct_octet_string(name, data, value.size()));
  }

  void number(const char* name, std::uint64_t& value) {
    params_.push_back(OSSL_PARAM_construct_uint64(name, &value));
  }

  void number(const char* name, std::uint32_t& value) {
    params_.push_back(OSSL_PARAM_construct_uint32(name, &value));
  }

  void text(const char* name, std::string& value) {
    params_.push_back(OSSL_PARAM_construct_utf8_string(name, value.data(), 0));
  }

  void mode(int& value) {
    params_.push_back(OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &value));
  }

  [[nodiscard]] bool derive(EVP_KDF* kdf, std::span<std::uint8_t> out) {
    params_.push_back(OSSL_PARAM_construct_end());
    const KdfCtxPtr ctx(must_get(EVP_KDF_CTX_new(kdf)));
    return EVP_KDF_derive(ctx.get(), out.data(), out.size(), params_.data()) == 1;
  }

 private:
  std::string digest_;
  std::vector<OSSL_PARAM> params_;
};

EVP_KDF* hkdf_kdf() {
  static EVP_KDF* const kdf = fetch("HKDF");
  return kdf;
}

bool hkdf_size_fits(Hash hash, std::size_t size) {
  return size > 0 && size <= kHkdfMaxBlocks * digest_size(hash);
}

void put_with_length(Writer& out, Bytes value) {
  out.u32be(static_cast<std::uint32_t>(value.size()));
  out.bytes(value);
}

}  // namespace

void hkdf_into(Hash hash, Bytes ikm, Bytes salt, Bytes info, std::span<std::uint8_t> out) {
  must(hkdf_size_fits(hash, out.size()));
  Secret<64> room;  // not SecretBytes: pages of their own cost more than the derivation
  const std::span<std::uint8_t> prk = room.expose_mut().first(digest_size(hash));
  hmac_into(hash, salt, ikm, prk);
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  KdfParams params(md_name(hash));
  params.mode(mode);
  params.octets(OSSL_KDF_PARAM_KEY, prk);
  params.octets(OSSL_KDF_PARAM_INFO, info);
  must(params.derive(hkdf_kdf(), out));
}

Result<SecretBytes> hkdf(Hash hash, Bytes ikm, Bytes salt, Bytes info, std::size_t size) {
  if (!hkdf_size_fits(hash, size)) return Error(Errc::kLimit, "crypto.hkdf: size", size);
  SecretBytes out(size);
  hkdf_into(hash, ikm, salt, info, out.expose_mut());
  return out;
}

// By HMAC itself (section 2.2): the library's extract refuses an empty key.
SecretBytes hkdf_extract(Hash hash, Bytes salt, Bytes ikm) { return hmac_key(hash, salt, ikm); }

Result<SecretBytes> hkdf_expand(Hash hash, Bytes prk, Bytes info, std::size_t size) {
  if (!hkdf_size_fits(hash, size)) return Error(Errc::kLimit, "crypto.hkdf: size", size);
  if (prk.size() < digest_size(hash)) {
    return Error(Errc::kMalformed, "crypto.hkdf: short pseudorandom key", prk.size());
  }
  int mode = EVP_KDF_HKDF_MODE_EXPAND_ONLY;
  KdfParams params(md_name(hash));
  params.mode(mode);
  params.octets(OSSL_KDF_PARAM_KEY, prk);
  params.octets(OSSL_KDF_PARAM_INFO, info);
  SecretBytes out(size);
  must(params.derive(hkdf_kdf(), out.expose_mut()));
  return out;
}

Result<SecretBytes> scrypt(Bytes password, Bytes salt, const ScryptCost& cost, std::size_t size,
                           std::uint64_t max_memory_bytes) {
  if (!std::has_single_bit(cost.n) || cost.n < 2 || cost.r == 0 || cost.p == 0 || size == 0) {
    return Error(Errc::kMalformed, "crypto.scrypt: cost");
  }
  const std::uint64_t limit = std::min(max_memory_bytes, kScryptMaxMemoryBytes);
  if (cost.r > kScryptMaxR || cost.p > kScryptMaxP || size > kScryptMaxOutput ||
      cost.n > limit / (std::uint64_t{128} * cost.r)) {
    return Error(Errc::kLimit, "crypto.scrypt: cost");
  }
  static EVP_KDF* const kdf = fetch("SCRYPT");
  ScryptCost c = cost;
  // The library counts its working space too: a little more than the 128 * n * r judged above.
  std::uint64_t library_limit = 2 * kScryptMaxMemoryBytes;
  KdfParams params;
  params.octets(OSSL_KDF_PARAM_PASSWORD, password);
  params.octets(OSSL_KDF_PARAM_SALT, salt);
  params.number(OSSL_KDF_PARAM_SCRYPT_N, c.n);
  params.number(OSSL_KDF_PARAM_SCRYPT_R, c.r);
  params.number(OSSL_KDF_PARAM_SCRYPT_P, c.p);
  params.number(OSSL_KDF_PARAM_SCRYPT_MAXMEM, library_limit);
  SecretBytes out(size);
  const ErrorScope errors;
  if (!params.derive(kdf, out.expose_mut())) {
    return Error(Errc::kUnavailable, "crypto.scrypt: no memory");
  }
  return out;
}

Result<SecretBytes> single_step_kdf(Hash hash, Bytes z, Bytes info, std::size_t size) {
  if (size == 0 || size > kConcatKdfMaxOutput) {
    return Error(Errc::kLimit, "crypto.single_step_kdf: size", size);
  }
  static EVP_KDF* const kdf = fetch("SSKDF");
  KdfParams params(md_name(hash));
  params.octets(OSSL_KDF_PARAM_KEY, z);
  params.octets(OSSL_KDF_PARAM_INFO, info);
  SecretBytes out(size);
  must(params.derive(kdf, out.expose_mut()));
  return out;
}

Result<SecretBytes> concat_kdf(Bytes z, const ConcatKdfInfo& info, std::size_t size) {
  if (size == 0 || size > kConcatKdfMaxOutput) {
    return Error(Errc::kLimit, "crypto.concat_kdf: size", size);
  }
  Writer other;  // OtherInfo, RFC 7518 section 4.6.2
  put_with_length(other, info.algorithm_id);
  put_with_length(other, info.party_u);
  put_with_length(other, info.party_v);
  other.u32be(static_cast<std::uint32_t>(8 * size));
  return single_step_kdf(Hash::kSha256, z, other.view(), size);
}

Result<SecretBytes> counter_kdf(Hash hash, Bytes key, Bytes label, Bytes context,
                                std::size_t size) {
  if (key.empty()) return Error(Errc::kMalformed, "crypto.counter_kdf: no key");
  if (size == 0 || size > kConcatKdfMaxOutput) {
    return Error(Errc::kLimit, "crypto.counter_kdf: size", size);
  }
  static EVP_KDF* const kdf = fetch("KBKDF");
  std::string mac = "HMAC";
  std::string mode = "COUNTER";
  KdfParams params(md_name(hash));
  params.text(OSSL_KDF_PARAM_MAC, mac);
  params.text(OSSL_KDF_PARAM_MODE, mode);
  params.octets(OSSL_KDF_PARAM_KEY, key);
  params.octets(OSSL_KDF_PARAM_SALT, label);
  params.octets(OSSL_KDF_PARAM_INFO, context);
  SecretBytes out(size);
  must(params.derive(kdf, out.expose_mut()));
  return out;
}

}  // namespace ward::crypto
