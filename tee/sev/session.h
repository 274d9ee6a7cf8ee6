#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/rng.h"
#include "crypto/secret.h"
#include "crypto/signature.h"

// What a guest's owner and the platform's firmware say to each other before a guest starts: the
// session of LAUNCH_START, the measurement of LAUNCH_MEASURE, the packet of LAUNCH_SECRET (AMD
// 55766, Secure Encrypted Virtualization API, revision 3.24, the commands of these names and Key
// Wrapping). The owner's side. docs/formats/sev-launch.md has the octets.
namespace ward::sev {

inline constexpr std::size_t kKeySize = 16;
inline constexpr std::size_t kMacSize = 32;
inline constexpr std::size_t kIvSize = 16;
inline constexpr std::size_t kNonceSize = 16;
inline constexpr std::size_t kDigestSize = 32;

// TransportKeys are the owner's secrets of one guest: the firmware learns them by the session.
struct TransportKeys {
  Secret<kKeySize> tek;  // encrypts what is injected
  Secret<kKeySize> tik;  // authenticates measurement, policy and what is injected
};

inline constexpr std::size_t kSessionSize = 128;

// Session is the session buffer of LAUNCH_START. Nothing in it is secret.
struct Session {
  std::array<std::uint8_t, kNonceSize> nonce{};
  std::array<std::uint8_t, 2 * kKeySize> wrap_tk{};  // TEK and TIK, encrypted
  std::array<std::uint8_t, kIvSize> wrap_iv{};
  std::array<std::uint8_t, kMacSize> wrap_mac{};
  std::array<std::uint8_t, kMacSize> policy_mac{};
};

[[nodiscard]] Buffer write_session(const Session& session);

// parse_session reads exactly kSessionSize octets: kTruncated, kMalformed for another size.
[[nodiscard]] Result<Session> parse_session(Bytes in);

// WrapKeys protect the transport keys on their way.
struct WrapKeys {
  Secret<kKeySize> kek;
  Secret<kKeySize> kik;
};

// derive is the firmware's key derivation: SP 800-108 in counter mode over HMAC-SHA-256, with
// counter and length as little-endian 32-bit numbers (OpenSSL's KBKDF has them big-endian). One
// step gives kKeySize octets.
[[nodiscard]] Secret<kKeySize> derive(Bytes key, std::string_view label, Bytes context);

// wrap_keys derives them from the x coordinate of the shared point and the session's nonce.
[[nodiscard]] WrapKeys wrap_keys(Bytes shared, std::span<const std::uint8_t, kNonceSize> nonce);

// Salts are the public random numbers of a session.
struct Salts {
  std::array<std::uint8_t, kNonceSize> nonce{};
  std::array<std::uint8_t, kIvSize> iv{};
};

// wrap writes the session; `shared` is the x coordinate of the shared point.
[[nodiscard]] Session wrap(const TransportKeys& keys, Bytes shared, const Salts& salts,
                           std::uint32_t policy);

// Launch is what LAUNCH_START takes beside the policy, and what the owner keeps.
struct Launch {
  Buffer godh;  // the owner's Diffie-Hellman certificate
  Session session;
  TransportKeys keys;
};

// start_session draws new keys and wraps them for the platform whose PDH this is: judge it first
// (platform.h). kUnsupported for a key that is not on P-256 or P-384.
[[nodiscard]] Result<Launch> start_session(const crypto::PublicKey& pdh, std::uint32_t policy,
                                           crypto::Rng& rng);

// Firmware is the platform's version as PLATFORM_STATUS states it.
struct Firmware {
  std::uint8_t api_major = 0;
  std::uint8_t api_minor = 0;
  std::uint8_t build = 0;
};

// Measured is what LAUNCH_MEASURE authenticates.
struct Measured {
  Firmware firmware;
  std::uint32_t policy = 0;
  std::array<std::uint8_t, kDigestSize> launch_digest{};
  std::array<std::uint8_t, kNonceSize> mnonce{};  // the firmware's
};

// measurement is the MEASURE that the firmware gives for it.
[[nodiscard]] std::array<std::uint8_t, kMacSize> measurement(
    std::span<const std::uint8_t, kKeySize> tik, const Measured& what);

inline constexpr std::size_t kPacketHeaderSize = 52;
inline constexpr std::size_t kBlock = 16;
inline constexpr std::size_t kMaxSecret = 16U << 10U;

// Packet is what LAUNCH_SECRET takes: its header, and the encrypted secret.
struct Packet {
  Buffer header;  // FLAGS (0: not compressed), IV, MAC
  Buffer data;
};

// pack_secret encrypts and authenticates `secret` for the guest of this measurement. kMalformed
// where its size is not a multiple of kBlock, or none; kLimit above kMaxSecret.
[[nodiscard]] Result<Packet> pack_secret(const TransportKeys& keys,
                                         std::span<const std::uint8_t, kMacSize> measure,
                                         Bytes secret, std::span<const std::uint8_t, kIvSize> iv);

}  // namespace ward::sev
