#include "tee/keystone/keys.h"

#include <algorithm>
#include <vector>

#include "crypto/edwards.h"
#include "crypto/sha3.h"
#include "crypto/signature.h"

namespace ward::keystone {
namespace {

constexpr PublishedKey kPublished[] = {
    {{0x0f, 0xaa, 0xd4, 0xff, 0x01, 0x17, 0x85, 0x83, 0xba, 0xa5, 0x88,
      0x96, 0x6f, 0x7c, 0x1f, 0xf3, 0x25, 0x64, 0xdd, 0x17, 0xd7, 0xdc,
      0x2b, 0x46, 0xcb, 0x50, 0xa8, 0x4a, 0x69, 0x27, 0x0b, 0x4c},
     "Keystone's test key (bootrom/test_dev_key.h), which its QEMU images have"},
    // The seed is the octets 0xac + (0xdd ^ i), i = 0..31.
    {{0xe3, 0x4b, 0x2d, 0x80, 0x7d, 0x18, 0xe0, 0xc1, 0xd9, 0x0d, 0xfb,
      0x5b, 0xdc, 0x3a, 0xd8, 0x5b, 0x1d, 0x02, 0xa7, 0xa6, 0xc4, 0x4d,
      0xcf, 0x91, 0x30, 0xba, 0x7b, 0x18, 0x1e, 0xe0, 0xd9, 0xb9},
     "the key of the boot ROM's constant in place of random octets (bootrom/bootloader.c)"}};

}  // namespace

const PublishedKey* find_published(Bytes device_key) {
  const auto* const found = std::ranges::find_if(
      kPublished, [&](const PublishedKey& known) { return equal(known.key, device_key); });
  return found == std::end(kPublished) ? nullptr : found;
}

std::array<std::uint8_t, 32> guessable_seed(std::uint8_t of_device, std::uint8_t of_monitor_hash) {
  const std::array<std::uint8_t, 2> hashed{of_device, of_monitor_hash};
  const crypto::Sha512Digest digest = crypto::sha3_512(hashed);
  std::array<std::uint8_t, 32> out{};
  std::copy_n(digest.begin(), out.size(), out.begin());
  return out;
}

std::optional<std::uint8_t> guess_monitor_key(Bytes monitor_key, Bytes monitor_hash) {
  if (monitor_hash.empty()) return std::nullopt;
  std::vector<crypto::EdwardsSeed> seeds(256);
  for (std::size_t i = 0; i < seeds.size(); ++i) {
    seeds[i] = guessable_seed(static_cast<std::uint8_t>(i), monitor_hash.front());
  }
  const auto found = crypto::find_seed(crypto::EdwardsHash::kSha3, monitor_key, seeds);
  if (!found) return std::nullopt;
  return static_cast<std::uint8_t>(*found);
}

std::optional<NamedSpki> spki_of(Bytes key) {
  const auto parsed = crypto::PublicKey::from_ed25519(key);
  if (!parsed) return std::nullopt;
  NamedSpki out{.spki = parsed->to_spki()};
  out.digest = crypto::sha256(out.spki);
  return out;
}

}  // namespace ward::keystone
