#include "crypto/digest.h"

#include <cstdlib>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace ward::crypto {
namespace {

const EVP_MD* method(Hash hash) {
  switch (hash) {
    case Hash::kSha256:
      return EVP_sha256();
    case Hash::kSha384:
      return EVP_sha384();
    case Hash::kSha512:
      return EVP_sha512();
  }
  std::abort();
}

}  // namespace

Sha256Digest sha256(Bytes data) {
  Sha256Digest out{};
  if (SHA256(data.data(), data.size(), out.data()) == nullptr) std::abort();
  return out;
}

Sha384Digest sha384(Bytes data) {
  Sha384Digest out{};
  if (SHA384(data.data(), data.size(), out.data()) == nullptr) std::abort();
  return out;
}

Sha512Digest sha512(Bytes data) {
  Sha512Digest out{};
  if (SHA512(data.data(), data.size(), out.data()) == nullptr) std::abort();
  return out;
}

Buffer digest(Hash hash, Bytes data) {
  Hasher hasher(hash);
  hasher.update(data);
  return hasher.finish();
}

struct Hasher::State {
  struct Free {
    void operator()(EVP_MD_CTX* c) const { EVP_MD_CTX_free(c); }
  };

  std::unique_ptr<EVP_MD_CTX, Free> context{EVP_MD_CTX_new()};
};

Hasher::Hasher(Hash hash) : state_(std::make_unique<State>()) {
  EVP_MD_CTX* context = state_->context.get();
  if (context == nullptr || EVP_DigestInit_ex(context, method(hash), nullptr) != 1) std::abort();
}

Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(Bytes data) {
  if (EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) != 1) std::abort();
}

Buffer Hasher::finish() {
  Buffer out(EVP_MAX_MD_SIZE);
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context.get(), out.data(), &size) != 1) std::abort();
  out.resize(size);
  return out;
}

}  // namespace ward::crypto
