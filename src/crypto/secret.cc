#include "crypto/secret.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <openssl/crypto.h>
#include <string.h>  // NOLINT(modernize-deprecated-headers): explicit_bzero is glibc's
#include <sys/mman.h>

#include "crypto/secret_memory.h"

namespace ward {

namespace {

constexpr std::size_t kPage = 4096;

std::size_t whole_pages(std::size_t size) {
  if (size > SIZE_MAX - kPage) std::abort();
  return (size + kPage - 1) / kPage * kPage;
}

}  // namespace

// Every block that OpenSSL frees comes here: OPENSSL_cleanse writes eight octets at a time.
void wipe(std::span<std::uint8_t> bytes) noexcept {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

// Without a region (crypto/secret_memory.h), pages of its own, because mlock does not count:
// unlocking one secret would unlock its neighbour on the same page.
SecretBytes::SecretBytes(std::size_t size) : size_(size) {
  if (size == 0) return;
  if (size <= kMaxKeyBytes) data_ = static_cast<std::uint8_t*>(secret_allocate(size));
  if (data_ != nullptr) return;
  mapped_ = whole_pages(size);
  void* pages = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) std::abort();
  data_ = static_cast<std::uint8_t*>(pages);
  static_cast<void>(mlock(data_, mapped_));
  static_cast<void>(madvise(data_, mapped_, MADV_DONTDUMP));
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(std::exchange(other.mapped_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this != &other) {
    release();
    data_ = std::exchange(other.data_, nullptr);
    size_ = std::exchange(other.size_, 0);
    mapped_ = std::exchange(other.mapped_, 0);
  }
  return *this;
}

SecretBytes::~SecretBytes() { release(); }

SecretBytes SecretBytes::copy_of(Bytes bytes) {
  SecretBytes out(bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.data_);
  return out;
}

void SecretBytes::shrink(std::size_t size) {
  if (size >= size_) return;
  ward::wipe({data_ + size, size_ - size});
  size_ = size;
}

void SecretBytes::release() noexcept {
  if (data_ == nullptr) return;
  if (mapped_ == 0) {
    (void)secret_release(data_);  // wipes
    return;
  }
  ward::wipe({data_, size_});
  static_cast<void>(munmap(data_, mapped_));  // unlocks too
}

bool ct_equal(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) {
  if (a.size() != b.size()) return false;
  return a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace ward
