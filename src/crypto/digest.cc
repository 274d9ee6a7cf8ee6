#include "crypto/digest.h"

#include <utility>

#include "crypto/internal/openssl.h"
#include "crypto/sha3.h"

namespace ward::crypto {

namespace {

// Freed by the process's end: a use of a hash may come later than any destructor.
const EVP_MD* fetch(const char* name) { return must_get(EVP_MD_fetch(nullptr, name, nullptr)); }

void hash_with(const EVP_MD* md, Bytes data, std::span<std::uint8_t> out) {
  unsigned int size = 0;
  must(EVP_Digest(data.data(), data.size(), out.data(), &size, md, nullptr) == 1);
  must(size == out.size());
}

}  // namespace

const EVP_MD* md_of(Hash hash) {
  static const EVP_MD* const sha256_md = fetch("SHA256");
  static const EVP_MD* const sha384_md = fetch("SHA384");
  static const EVP_MD* const sha512_md = fetch("SHA512");
  switch (hash) {
    case Hash::kSha256:
      return sha256_md;
    case Hash::kSha384:
      return sha384_md;
    case Hash::kSha512:
      return sha512_md;
  }
  std::abort();
}

const char* md_name(Hash hash) { return EVP_MD_get0_name(md_of(hash)); }

std::size_t digest_size(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return 32;
    case Hash::kSha384:
      return 48;
    case Hash::kSha512:
      return 64;
  }
  std::abort();
}

Sha256Digest sha256(Bytes data) {
  Sha256Digest out{};
  hash_with(md_of(Hash::kSha256), data, out);
  return out;
}

Sha384Digest sha384(Bytes data) {
  Sha384Digest out{};
  hash_with(md_of(Hash::kSha384), data, out);
  return out;
}

Sha512Digest sha512(Bytes data) {
  Sha512Digest out{};
  hash_with(md_of(Hash::kSha512), data, out);
  return out;
}

Sha512Digest sha3_512(Bytes data) {
  static const EVP_MD* const md = fetch("SHA3-512");
  Sha512Digest out{};
  hash_with(md, data, out);
  return out;
}

Sha1Digest sha1(Bytes data) {
  static const EVP_MD* const md = fetch("SHA1");
  Sha1Digest out{};
  hash_with(md, data, out);
  return out;
}

void hash_into(Hash hash, Bytes data, std::span<std::uint8_t> out) {
  hash_with(md_of(hash), data, out);
}

Buffer digest(Hash hash, Bytes data) {
  Buffer out(digest_size(hash));
  hash_with(md_of(hash), data, out);
  return out;
}

Sha256::Sha256() : ctx_(must_get(EVP_MD_CTX_new())) {
  must(EVP_DigestInit_ex2(static_cast<EVP_MD_CTX*>(ctx_), md_of(Hash::kSha256), nullptr) == 1);
}

Sha256::~Sha256() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(ctx_)); }

void Sha256::update(Bytes data) {
  must(EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(ctx_), data.data(), data.size()) == 1);
}

Sha256Digest Sha256::finish() {
  Sha256Digest out{};
  unsigned int size = 0;
  must(EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(ctx_), out.data(), &size) == 1 &&
       size == out.size());
  return out;
}

struct Hasher::State {
  MdCtxPtr ctx;
  Hash hash;
};

Hasher::Hasher(Hash hash)
    : state_(std::make_unique<State>(State{MdCtxPtr(must_get(EVP_MD_CTX_new())), hash})) {
  must(EVP_DigestInit_ex2(state_->ctx.get(), md_of(hash), nullptr) == 1);
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(Bytes data) {
  must(state_ != nullptr && EVP_DigestUpdate(state_->ctx.get(), data.data(), data.size()) == 1);
}

Buffer Hasher::finish() {
  must(state_ != nullptr);
  const std::unique_ptr<State> state = std::move(state_);
  Buffer out(digest_size(state->hash));
  unsigned int size = 0;
  must(EVP_DigestFinal_ex(state->ctx.get(), out.data(), &size) == 1 && size == out.size());
  return out;
}

}  // namespace ward::crypto
