#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "crypto/secret.h"

namespace ward::crypto {

// Rng is where random octets come from; it is always an argument. An implementation ends the
// process rather than give octets that are not random.
class Rng {
 public:
  Rng() = default;
  Rng(const Rng&) = delete;
  Rng& operator=(const Rng&) = delete;
  virtual ~Rng() = default;

  virtual void fill(std::span<std::uint8_t> out) = 0;
};

// SystemRng draws from OpenSSL's generator, which the kernel's getrandom seeds. The one generator
// for production. Thread safe.
class SystemRng final : public Rng {
 public:
  void fill(std::span<std::uint8_t> out) override;
};

// SeededRng gives the same octets for the same seed: the ChaCha20 key stream (RFC 8439) under the
// key SHA-256("ward seeded rng 1" || seed), nonce zero. For tests and for a development platform
// that can be reproduced; whoever knows the seed knows every octet. Not thread safe. It ends the
// process after 2^32 blocks of 64 octets.
class SeededRng final : public Rng {
 public:
  explicit SeededRng(Bytes seed);
  SeededRng(const SeededRng&) = delete;
  SeededRng& operator=(const SeededRng&) = delete;
  ~SeededRng() override;

  void fill(std::span<std::uint8_t> out) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// random_secret draws N octets.
template <std::size_t N>
[[nodiscard]] Secret<N> random_secret(Rng& rng) {
  Secret<N> out;
  rng.fill(out.expose_mut());
  return out;
}

[[nodiscard]] inline SecretBytes random_secret(Rng& rng, std::size_t size) {
  SecretBytes out(size);
  rng.fill(out.expose_mut());
  return out;
}

// random_array draws N octets that are public: nonces, salts, identifiers.
template <std::size_t N>
[[nodiscard]] std::array<std::uint8_t, N> random_array(Rng& rng) {
  std::array<std::uint8_t, N> out{};
  rng.fill(out);
  return out;
}

}  // namespace ward::crypto
