#include "tee/sev/made/firmware.h"

#include <algorithm>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/kem.h"
#include "crypto/mac.h"
#include "tee/sev/certificate.h"

namespace ward::sev::made {
namespace {

bool right(Bytes key, Bytes data, Bytes tag) {
  return crypto::verify_hmac(crypto::Hash::kSha256, key, data, tag);
}

}  // namespace

Result<TransportKeys> start(const crypto::PrivateKey& pdh, Bytes godh, Bytes session,
                            std::uint32_t policy) {
  WARD_TRY(const Certificate certificate, take_certificate(godh));
  if (certificate.usage != Usage::kPdh || !godh.empty()) {
    return Error(Errc::kMalformed, "sev.firmware: GODH");
  }
  WARD_TRY(const Session s, parse_session(session));
  WARD_TRY(const SecretBytes shared, crypto::ecdh(pdh, certificate.key));
  const WrapKeys wrapping = wrap_keys(shared.expose(), s.nonce);
  if (!right(wrapping.kik.expose(), s.wrap_tk, s.wrap_mac)) {
    return Error(Errc::kUntrusted, "sev.firmware: WRAP_MAC");
  }
  Secret<2 * kKeySize> both;
  crypto::AesCtr::aes128(wrapping.kek.expose(), s.wrap_iv).apply(s.wrap_tk, both.expose_mut());
  TransportKeys out;
  std::ranges::copy(both.expose().first<kKeySize>(), out.tek.expose_mut().begin());
  std::ranges::copy(both.expose().last<kKeySize>(), out.tik.expose_mut().begin());
  Writer w;
  w.u32le(policy);
  if (!right(out.tik.expose(), w.view(), s.policy_mac)) {
    return Error(Errc::kUntrusted, "sev.firmware: POLICY_MAC");
  }
  return out;
}

Result<SecretBytes> inject(const TransportKeys& keys,
                           std::span<const std::uint8_t, kMacSize> measure, const Packet& packet) {
  Reader r(packet.header);
  std::uint32_t flags = 0;
  std::array<std::uint8_t, kIvSize> iv{};
  std::array<std::uint8_t, kMacSize> mac{};
  if (!r.u32le(flags) || !r.array(iv) || !r.array(mac) || !r.empty() || flags != 0) {
    return Error(Errc::kMalformed, "sev.firmware: packet header");
  }
  const auto size = static_cast<std::uint32_t>(packet.data.size());
  Writer w;
  w.u8(0x01);
  w.u32le(flags);
  w.bytes(iv);
  w.u32le(size);
  w.u32le(size);
  w.bytes(packet.data);
  w.bytes(measure);
  if (!right(keys.tik.expose(), w.view(), mac)) {
    return Error(Errc::kUntrusted, "sev.firmware: packet MAC");
  }
  SecretBytes out(packet.data.size());
  crypto::AesCtr::aes128(keys.tek.expose(), iv).apply(packet.data, out.expose_mut());
  return out;
}

}  // namespace ward::sev::made
