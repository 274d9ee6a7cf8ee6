#include "broker/session.h"

#include <algorithm>
#include <charconv>

#include "base/reader.h"
#include "base/writer.h"
#include "crypto/aead.h"
#include "crypto/digest.h"

namespace ward::broker {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kMaxCookieText = 1024;
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kExpiryDigits = 16;

// aad_of keeps the uses apart: it is authenticated with every session.
std::string_view aad_of(SessionUse use) {
  return use == SessionUse::kAppraisal ? "ward appraisal session 1" : "ward kbs session 1";
}

Result<crypto::Aead> cipher(const SecretBytes& key) {
  return crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, key.expose());
}

void write_word(Writer& w, std::string_view text) {
  w.u8(static_cast<std::uint8_t>(std::min(text.size(), kMaxWord)));
  w.bytes(as_bytes(text.substr(0, kMaxWord)));
}

bool read_word(Reader& r, std::string& out) {
  std::uint8_t size = 0;
  Bytes octets;
  if (!r.u8(size) || size > kMaxWord || !r.bytes(size, octets)) return false;
  out = std::string(as_text(octets));
  return true;
}

std::string hex16(std::uint64_t value) {
  Writer w;
  w.u64be(value);
  return to_hex(w.view());
}

Error not_ours() { return {Errc::kUntrusted, "broker.session: cookie"}; }

Result<Session> parse(Bytes plain) {
  Reader r(plain);
  Session out;
  std::uint8_t format = 0;
  std::uint64_t expires = 0;
  std::string version;
  if (!r.u8(format) || format != kFormat || !r.u64be(expires) || !r.array(out.nonce) ||
      !read_word(r, version) || !read_word(r, out.tee) || !r.empty()) {
    return not_ours();
  }
  const auto known = protocol::kbs::version_of(version);
  if (!known) return not_ours();
  out.version = *known;
  out.expires = {static_cast<std::int64_t>(expires)};
  return out;
}

}  // namespace

std::string Session::nonce_text() const { return to_base64(nonce, Base64::kStandard); }

std::string Session::row_key() const {
  return hex16(static_cast<std::uint64_t>(expires.seconds)) + to_hex(crypto::sha256(nonce));
}

Result<UnixTime> row_expiry(std::string_view row_key) {
  const std::string_view digits = row_key.substr(0, kExpiryDigits);
  std::uint64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), seconds, 16);
  if (digits.size() != kExpiryDigits || error != std::errc{} ||
      end != digits.data() + digits.size()) {
    return Error(Errc::kMalformed, "broker.session: row");
  }
  return UnixTime{static_cast<std::int64_t>(seconds)};
}

Result<std::string> SessionSealer::seal(const Session& session, crypto::Rng& rng,
                                        SessionUse use) const {
  Writer plain;
  plain.u8(kFormat);
  plain.u64be(static_cast<std::uint64_t>(session.expires.seconds));
  plain.bytes(session.nonce);
  write_word(plain, to_text(session.version));
  write_word(plain, session.tee);
  WARD_TRY(crypto::Aead aead, cipher(key_));
  const auto nonce = crypto::random_array<crypto::kAeadNonceBytes>(rng);
  WARD_TRY(const Buffer sealed, aead.seal(nonce, as_bytes(aad_of(use)), plain.view()));
  return to_base64(concat({nonce, sealed}), Base64::kUrl);
}

Result<Session> SessionSealer::open(std::string_view cookie, SessionUse use) const {
  if (cookie.size() > kMaxCookieText) return not_ours();
  const auto octets = from_base64(cookie, Base64::kUrl);
  if (!octets) return not_ours();
  Reader r(*octets);
  std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce{};
  if (!r.array(nonce)) return not_ours();
  WARD_TRY(crypto::Aead aead, cipher(key_));
  const auto plain = aead.open(nonce, as_bytes(aad_of(use)), r.rest());
  if (!plain) return not_ours();
  return parse(plain->expose());
}

}  // namespace ward::broker
