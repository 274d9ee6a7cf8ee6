#include "tee/sev/session.h"

#include <algorithm>
#include <string_view>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/kem.h"
#include "crypto/mac.h"
#include "crypto/sign.h"
#include "tee/sev/certificate.h"

namespace ward::sev {
namespace {

using crypto::Hash;

// What the firmware authenticates begins with a number of what it is.
constexpr std::uint8_t kMeasureContext = 0x04;
constexpr std::uint8_t kSecretContext = 0x01;

constexpr std::uint32_t kNotCompressed = 0;

std::array<std::uint8_t, kMacSize> mac(Bytes key, Bytes data) {
  return *to_array<kMacSize>(crypto::hmac(Hash::kSha256, key, data));
}

std::array<std::uint8_t, kMacSize> policy_mac(std::span<const std::uint8_t, kKeySize> tik,
                                              std::uint32_t policy) {
  Writer w;
  w.u32le(policy);
  return mac(tik, w.view());
}

Buffer godh_certificate(const crypto::PublicKey& key) {
  PlatformParts parts;
  parts.usage = Usage::kPdh;
  parts.algorithm = kEcdhSha256;
  parts.public_key = write_ec_key(key);
  return write_certificate(parts);
}

}  // namespace

Buffer write_session(const Session& session) {
  return concat(
      {session.nonce, session.wrap_tk, session.wrap_iv, session.wrap_mac, session.policy_mac});
}

Result<Session> parse_session(Bytes in) {
  Reader r(in);
  Session out;
  if (!r.array(out.nonce) || !r.array(out.wrap_tk) || !r.array(out.wrap_iv) ||
      !r.array(out.wrap_mac) || !r.array(out.policy_mac)) {
    return Error(Errc::kTruncated, "sev.session: size", in.size());
  }
  if (!r.empty()) return Error(Errc::kMalformed, "sev.session: size", in.size());
  return out;
}

Secret<kKeySize> derive(Bytes key, std::string_view label, Bytes context) {
  Writer w;
  w.u32le(1);
  w.bytes(as_bytes(label));
  w.u8(0);
  w.bytes(context);
  w.u32le(static_cast<std::uint32_t>(8 * kKeySize));
  const SecretBytes block = crypto::hmac_key(Hash::kSha256, key, w.view());
  Secret<kKeySize> out;
  std::ranges::copy(block.expose().first(kKeySize), out.expose_mut().begin());
  return out;
}

WrapKeys wrap_keys(Bytes shared, std::span<const std::uint8_t, kNonceSize> nonce) {
  const Secret<kKeySize> master = derive(shared, "sev-master-secret", nonce);
  return {.kek = derive(master.expose(), "sev-kek", {}),
          .kik = derive(master.expose(), "sev-kik", {})};
}

Session wrap(const TransportKeys& keys, Bytes shared, const Salts& salts, std::uint32_t policy) {
  const WrapKeys wrapping = wrap_keys(shared, salts.nonce);
  Session out;
  out.nonce = salts.nonce;
  out.wrap_iv = salts.iv;
  auto cipher = crypto::AesCtr::aes128(wrapping.kek.expose(), salts.iv);
  const std::span<std::uint8_t> both(out.wrap_tk);
  cipher.apply(keys.tek.expose(), both.first(kKeySize));
  cipher.apply(keys.tik.expose(), both.last(kKeySize));
  out.wrap_mac = mac(wrapping.kik.expose(), out.wrap_tk);
  out.policy_mac = policy_mac(keys.tik.expose(), policy);
  return out;
}

Result<Launch> start_session(const crypto::PublicKey& pdh, std::uint32_t policy, crypto::Rng& rng) {
  if (pdh.type() != crypto::KeyType::kP256 && pdh.type() != crypto::KeyType::kP384) {
    return Error(Errc::kUnsupported, "sev.session: the PDH is not on P-256 or P-384");
  }
  WARD_TRY(const crypto::PrivateKey mine, crypto::PrivateKey::generate(pdh.type(), rng));
  WARD_TRY(const SecretBytes shared, crypto::ecdh(mine, pdh));
  Launch out;
  out.keys.tek = crypto::random_secret<kKeySize>(rng);
  out.keys.tik = crypto::random_secret<kKeySize>(rng);
  const Salts salts{.nonce = crypto::random_array<kNonceSize>(rng),
                    .iv = crypto::random_array<kIvSize>(rng)};
  out.session = wrap(out.keys, shared.expose(), salts, policy);
  out.godh = godh_certificate(mine.public_key());
  return out;
}

std::array<std::uint8_t, kMacSize> measurement(std::span<const std::uint8_t, kKeySize> tik,
                                               const Measured& what) {
  Writer w;
  w.u8(kMeasureContext);
  w.u8(what.firmware.api_major);
  w.u8(what.firmware.api_minor);
  w.u8(what.firmware.build);
  w.u32le(what.policy);
  w.bytes(what.launch_digest);
  w.bytes(what.mnonce);
  return mac(tik, w.view());
}

Result<Packet> pack_secret(const TransportKeys& keys,
                           std::span<const std::uint8_t, kMacSize> measure, Bytes secret,
                           std::span<const std::uint8_t, kIvSize> iv) {
  if (secret.empty() || secret.size() % kBlock != 0) {
    return Error(Errc::kMalformed, "sev.secret: size", secret.size());
  }
  if (secret.size() > kMaxSecret) return Error(Errc::kLimit, "sev.secret: size", secret.size());
  Packet out;
  out.data.resize(secret.size());
  crypto::AesCtr::aes128(keys.tek.expose(), iv).apply(secret, out.data);
  const auto size = static_cast<std::uint32_t>(secret.size());
  Writer covered;
  covered.u8(kSecretContext);
  covered.u32le(kNotCompressed);
  covered.bytes(iv);
  covered.u32le(size);  // GUEST_LENGTH
  covered.u32le(size);  // TRANS_LENGTH
  covered.bytes(out.data);
  covered.bytes(measure);
  Writer header;
  header.u32le(kNotCompressed);
  header.bytes(iv);
  header.bytes(mac(keys.tik.expose(), covered.view()));
  out.header = header.take();
  return out;
}

}  // namespace ward::sev
