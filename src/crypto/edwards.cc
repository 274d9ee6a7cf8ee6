#include "crypto/edwards.h"

#include <algorithm>
#include <utility>

#include <sodium.h>

#include "crypto/internal/openssl.h"
#include "crypto/sha3.h"

namespace ward::crypto {
namespace {

constexpr std::size_t kHalf = 32;

using Half = std::array<std::uint8_t, kHalf>;

// What libsodium's functions need once in a process.
void ready() {
  static const bool once = sodium_init() >= 0;
  must(once);
}

Half half_of(Bytes octets) {
  Half out{};
  std::ranges::copy(octets, out.begin());
  return out;
}

Sha512Digest hash_of(EdwardsHash hash, Bytes octets) {
  return hash == EdwardsHash::kSha3 ? sha3_512(octets) : sha512(octets);
}

// The number of up to 64 octets, modulo the group's order.
Half scalar(Bytes octets) {
  Sha512Digest wide{};
  std::ranges::copy(octets, wide.begin());
  Half out{};
  crypto_core_ed25519_scalar_reduce(out.data(), wide.data());
  return out;
}

// The seed's scalar, clamped (RFC 8032 5.1.5), and the prefix.
SecretBytes expand(EdwardsHash hash, Bytes seed) {
  Sha512Digest digest = hash_of(hash, seed);
  digest[0] &= 248U;
  digest[kHalf - 1] = static_cast<std::uint8_t>((digest[kHalf - 1] & 63U) | 64U);
  return SecretBytes::copy_of(digest);
}

Half times_base(const Half& factor) {
  Half out{};
  must(crypto_scalarmult_ed25519_base_noclamp(out.data(), factor.data()) == 0);  // no factor is 0
  return out;
}

}  // namespace

bool verify_edwards(EdwardsHash hash, Bytes public_key, Bytes message, Bytes signature) {
  if (public_key.size() != kEdwardsKeyBytes || signature.size() != kEdwardsSignatureBytes) {
    return false;
  }
  ready();
  const Bytes r = signature.first(kHalf);
  const Half s = half_of(signature.last(kHalf));
  if (scalar(s) != s) return false;  // not below the order
  const Half key = half_of(public_key);
  if (crypto_core_ed25519_is_valid_point(key.data()) != 1) return false;
  const Half k = scalar(hash_of(hash, concat({r, public_key, message})));
  Half s_base{};
  Half k_key{};
  Half expected{};
  const bool made = crypto_scalarmult_ed25519_base_noclamp(s_base.data(), s.data()) == 0 &&
                    crypto_scalarmult_ed25519_noclamp(k_key.data(), k.data(), key.data()) == 0 &&
                    crypto_core_ed25519_sub(expected.data(), s_base.data(), k_key.data()) == 0;
  return made && equal(expected, r);
}

std::optional<std::size_t> find_seed(EdwardsHash hash, Bytes public_key,
                                     std::span<const EdwardsSeed> seeds) {
  if (public_key.size() != kEdwardsKeyBytes) return std::nullopt;
  ready();
  const Half key = half_of(public_key);
  const auto found = std::ranges::find_if(seeds, [&](const EdwardsSeed& seed) {
    return times_base(scalar(expand(hash, seed).expose().first(kHalf))) == key;
  });
  if (found == seeds.end()) return std::nullopt;
  return static_cast<std::size_t>(found - seeds.begin());
}

EdwardsKey::EdwardsKey(EdwardsHash hash, SecretBytes expanded)
    : hash_(hash),
      expanded_(std::move(expanded)),
      public_key_(to_buffer(times_base(scalar(expanded_.expose().first(kHalf))))) {}

Result<EdwardsKey> EdwardsKey::from_seed(EdwardsHash hash, Bytes seed) {
  if (seed.size() != kEdwardsSeedBytes) {
    return Error(Errc::kMalformed, "crypto.edwards: seed size", seed.size());
  }
  ready();
  return EdwardsKey(hash, expand(hash, seed));
}

Buffer EdwardsKey::sign(Bytes message) const {
  const Bytes prefix = expanded_.expose().last(kHalf);
  const Half r = scalar(hash_of(hash_, concat({prefix, message})));
  Buffer out = to_buffer(times_base(r));
  const Half k = scalar(hash_of(hash_, concat({out, public_key_, message})));
  const Half key = scalar(expanded_.expose().first(kHalf));
  Half product{};
  Half s{};
  crypto_core_ed25519_scalar_mul(product.data(), k.data(), key.data());
  crypto_core_ed25519_scalar_add(s.data(), r.data(), product.data());
  out.insert(out.end(), s.begin(), s.end());
  return out;
}

}  // namespace ward::crypto
