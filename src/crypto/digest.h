#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "base/bytes.h"

namespace ward::crypto {

enum class Hash : std::uint8_t { kSha256, kSha384, kSha512 };

using Sha256Digest = std::array<std::uint8_t, 32>;
using Sha384Digest = std::array<std::uint8_t, 48>;
using Sha512Digest = std::array<std::uint8_t, 64>;

// digest_size is the hash's size in octets.
[[nodiscard]] std::size_t digest_size(Hash hash);

// sha256, sha384 and sha512 hash `data` whole (FIPS 180-4). They abort the process where the
// library fails (no memory).
[[nodiscard]] Sha256Digest sha256(Bytes data);
[[nodiscard]] Sha384Digest sha384(Bytes data);
[[nodiscard]] Sha512Digest sha512(Bytes data);

// sha1 hashes `data` whole (FIPS 180-4). Collisions are practical, so it proves nothing about who
// wrote the data: for the SHA-1 banks of TPM event logs only.
using Sha1Digest = std::array<std::uint8_t, 20>;
[[nodiscard]] Sha1Digest sha1(Bytes data);

// digest hashes with a hash chosen at run time; the size is that of the hash.
[[nodiscard]] Buffer digest(Hash hash, Bytes data);

// Sha256 hashes octets that lie in several places, and allocates nothing of its own. finish() may
// be called once. Not thread safe.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  ~Sha256();

  void update(Bytes data);
  [[nodiscard]] Sha256Digest finish();

 private:
  void* ctx_;  // the library's
};

// Hasher hashes a stream. Not thread safe. finish() may be called once; update() or finish() behind
// it ends the process.
class Hasher {
 public:
  explicit Hasher(Hash hash);
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  void update(Bytes data);
  [[nodiscard]] Buffer finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace ward::crypto
