#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "crypto/digest.h"

// Keys that a device, or a security monitor, must not have: everyone knows the secret half.
namespace ward::keystone {

// PublishedKey is a device's public key whose secret half stands in published sources.
struct PublishedKey {
  std::array<std::uint8_t, 32> key;
  std::string_view where;  // for people
};

// find_published returns the entry of this key, or null; it lives as long as the program.
[[nodiscard]] const PublishedKey* find_published(Bytes device_key);

// guess_monitor_key looks for the monitor's key among those of a boot ROM that hashes one octet of
// the device's secret key and one of the monitor's hash (bootrom/bootloader.c has sizeof of an
// octet for both lengths), and returns the former. 256 keys are tried: some milliseconds.
[[nodiscard]] std::optional<std::uint8_t> guess_monitor_key(Bytes monitor_key, Bytes monitor_hash);

// guessable_seed is the seed of such a monitor's key.
[[nodiscard]] std::array<std::uint8_t, 32> guessable_seed(std::uint8_t of_device,
                                                          std::uint8_t of_monitor_hash);

// NamedSpki is a key as an Anchor names it: `digest` is SHA-256 of the SubjectPublicKeyInfo that
// RFC 8410 writes for an Ed25519 key.
struct NamedSpki {
  Buffer spki;
  crypto::Sha256Digest digest{};
};

// spki_of is nullopt where the octets are no key of 32.
[[nodiscard]] std::optional<NamedSpki> spki_of(Bytes key);

}  // namespace ward::keystone
