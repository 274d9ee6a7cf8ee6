#include "token/jwe.h"

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "codec/json.h"
#include "codec/json_write.h"
#include "crypto/aead.h"
#include "crypto/kdf.h"
#include "crypto/kem.h"
#include "crypto/keywrap.h"
#include "token/jwk.h"

namespace ward::token {
namespace {

using codec::JsonValue;
using crypto::KeyType;

constexpr std::string_view kEcdh = "ECDH-ES+A256KW";
constexpr std::string_view kRsaOaep = "RSA-OAEP-256";
constexpr std::string_view kRsa15 = "RSA1_5";
constexpr std::string_view kGcm = "A256GCM";
constexpr std::size_t kCekBytes = 32;
constexpr std::size_t kWrappedCekBytes = kCekBytes + 8;  // RFC 3394

// Parts of the general serialisation, which has more than one receiver or unauthenticated members.
constexpr std::array<std::string_view, 4> kGeneral = {"recipients", "unprotected", "header", "aad"};
constexpr std::array<std::string_view, 4> kEmbeddedKeys = {"jwk", "jku", "x5u", "x5c"};

std::string_view alg_of(KeyType type) { return type == KeyType::kRsa ? kRsaOaep : kEcdh; }

Result<std::string_view> text_member(const JsonValue& object, std::string_view name) {
  const JsonValue* value = object.find(name);
  if (value == nullptr) return Error(Errc::kMalformed, "jwe: a member is absent");
  const auto text = value->as_string();
  if (!text) return Error(Errc::kMalformed, "jwe: a member is not a string");
  return *text;
}

Result<Buffer> decode(std::string_view text) {
  auto octets = from_base64(text, Base64::kUrl);
  if (!octets) return Error(Errc::kMalformed, "jwe: not base64url");
  return *std::move(octets);
}

// The protected header stays text; what is no base64url is refused before it can be written again.
Result<std::string> header_text(std::string_view text) {
  WARD_CHECK_OK(decode(text));
  return std::string(text);
}

Result<Buffer> octets_member(const JsonValue& object, std::string_view name) {
  WARD_TRY(const std::string_view text, text_member(object, name));
  return decode(text);
}

// RFC 7518 section 4.6.2: apu and apv, decoded; absent is empty.
Result<Buffer> party_member(const JsonValue& header, std::string_view name) {
  if (header.find(name) == nullptr) return Buffer();
  return octets_member(header, name);
}

Result<SecretBytes> key_encryption_key(const crypto::PrivateKey& mine,
                                       const crypto::PublicKey& peer, Bytes party_u,
                                       Bytes party_v) {
  WARD_TRY(const SecretBytes z, crypto::ecdh(mine, peer));
  return crypto::concat_kdf(z.expose(), {as_bytes(kEcdh), party_u, party_v}, 32);
}

struct Wrapped {
  std::string header;  // JSON
  Buffer encrypted_key;
};

Result<Wrapped> wrap_ecdh(const crypto::PublicKey& receiver, Bytes cek, crypto::Rng& rng) {
  WARD_TRY(const crypto::PrivateKey ephemeral, crypto::PrivateKey::generate(receiver.type(), rng));
  WARD_TRY(const SecretBytes kek, key_encryption_key(ephemeral, receiver, {}, {}));
  WARD_TRY(Buffer wrapped, crypto::wrap_key(kek.expose(), cek));
  codec::JsonWriter w;
  w.begin_object().member("alg", kEcdh).member("enc", kGcm);
  w.name("epk").raw_json(to_json(Jwk{ephemeral.public_key(), {}, {}, {}, {}}));
  WARD_TRY(std::string header, w.end_object().take());
  return Wrapped{std::move(header), std::move(wrapped)};
}

Result<Wrapped> wrap_rsa(const crypto::PublicKey& receiver, Bytes cek, RsaWrap wrap) {
  const bool oaep = wrap == RsaWrap::kOaep256;
  WARD_TRY(Buffer wrapped, oaep ? crypto::rsa_oaep_encrypt(receiver, crypto::OaepHash::kSha256, cek)
                                : crypto::rsa_pkcs1_encrypt(receiver, cek));
  codec::JsonWriter w;
  w.begin_object().member("alg", oaep ? kRsaOaep : kRsa15).member("enc", kGcm);
  WARD_TRY(std::string header, w.end_object().take());
  return Wrapped{std::move(header), std::move(wrapped)};
}

// Content is what is encrypted, and whether the header's base64url is authenticated with it.
struct Content {
  Bytes plaintext;
  bool with_header = true;
};

struct Encrypted {
  std::string header;  // JSON
  Jwe jwe;
};

Result<Encrypted> encrypt(const crypto::PublicKey& receiver, const Content& content,
                          crypto::Rng& rng, RsaWrap wrap) {
  if (receiver.type() == KeyType::kEd25519) {
    return Error(Errc::kUnsupported, "jwe: the receiver's key does not encrypt");
  }
  if (content.plaintext.size() > kMaxJwePlaintext) {
    return Error(Errc::kLimit, "jwe: plaintext", content.plaintext.size());
  }
  const auto cek = crypto::random_secret<kCekBytes>(rng);
  const auto iv = crypto::random_array<crypto::kAeadNonceBytes>(rng);
  WARD_TRY(Wrapped wrapped, receiver.type() == KeyType::kRsa
                                ? wrap_rsa(receiver, cek.expose(), wrap)
                                : wrap_ecdh(receiver, cek.expose(), rng));
  Encrypted out{.header = std::move(wrapped.header), .jwe = {}};
  out.jwe.protected_header = to_base64(as_bytes(out.header), Base64::kUrl);
  out.jwe.encrypted_key = std::move(wrapped.encrypted_key);
  out.jwe.iv = to_buffer(iv);
  out.jwe.ciphertext.resize(content.plaintext.size());
  std::array<std::uint8_t, crypto::kAeadTagBytes> tag{};
  WARD_TRY(crypto::Aead aead,
           crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, cek.expose()));
  const Bytes aad = content.with_header ? as_bytes(out.jwe.protected_header) : Bytes();
  WARD_CHECK_OK(aead.seal_detached(iv, aad, content.plaintext, out.jwe.ciphertext, tag));
  out.jwe.tag = to_buffer(tag);
  return out;
}

Result<JsonValue> parse_header(const Jwe& jwe) {
  if (jwe.protected_header.size() > kMaxJweHeaderBytes) {
    return Error(Errc::kLimit, "jwe: header size", jwe.protected_header.size());
  }
  WARD_TRY(const Buffer octets, decode(jwe.protected_header));
  auto header = codec::parse_json(octets);
  if (!header || !header->is_object()) {
    return Error(Errc::kMalformed, "jwe: header is not a JSON object");
  }
  return *std::move(header);
}

Result<void> check_header(const JsonValue& header, std::string_view wanted_alg) {
  WARD_TRY(const std::string_view alg, text_member(header, "alg"));
  WARD_TRY(const std::string_view enc, text_member(header, "enc"));
  if (alg != wanted_alg) return Error(Errc::kUnsupported, "jwe: alg is not the one of the key");
  if (enc != kGcm) return Error(Errc::kUnsupported, "jwe: enc");
  if (header.find("crit") != nullptr) return Error(Errc::kUnsupported, "jwe: crit");
  if (header.find("zip") != nullptr) return Error(Errc::kUnsupported, "jwe: zip");
  for (const std::string_view name : kEmbeddedKeys) {
    if (header.find(name) != nullptr) return Error(Errc::kDenied, "jwe: the header brings a key");
  }
  return {};
}

Result<SecretBytes> unwrap_ecdh(const Jwe& jwe, const JsonValue& header,
                                const crypto::PrivateKey& key) {
  if (jwe.encrypted_key.size() != kWrappedCekBytes) {
    return Error(Errc::kMalformed, "jwe: length of encrypted_key", jwe.encrypted_key.size());
  }
  const JsonValue* epk = header.find("epk");
  if (epk == nullptr) return Error(Errc::kMalformed, "jwe: no epk");
  WARD_TRY(const Jwk ephemeral, parse_jwk(*epk));
  if (ephemeral.key.type() != key.type()) {
    return Error(Errc::kMalformed, "jwe: epk is on another curve");
  }
  WARD_TRY(const Buffer apu, party_member(header, "apu"));
  WARD_TRY(const Buffer apv, party_member(header, "apv"));
  WARD_TRY(const SecretBytes kek, key_encryption_key(key, ephemeral.key, apu, apv));
  return crypto::unwrap_key(kek.expose(), jwe.encrypted_key);
}

Result<SecretBytes> unwrap(const Jwe& jwe, const JsonValue& header, const crypto::PrivateKey& key) {
  if (key.type() != KeyType::kRsa) return unwrap_ecdh(jwe, header, key);
  return crypto::rsa_oaep_decrypt(key, crypto::OaepHash::kSha256, jwe.encrypted_key);
}

std::string url(Bytes octets) { return to_base64(octets, Base64::kUrl); }

}  // namespace

Result<Jwe> parse_jwe(Bytes json) {
  if (json.size() > kMaxJweBytes) return Error(Errc::kLimit, "jwe: size", json.size());
  const auto object = codec::parse_json(json, {.max_bytes = kMaxJweBytes});
  if (!object || !object->is_object()) return Error(Errc::kMalformed, "jwe: not a JSON object");
  for (const std::string_view name : kGeneral) {
    if (object->find(name) != nullptr) {
      return Error(Errc::kUnsupported, "jwe: a member of the general serialisation");
    }
  }
  Jwe jwe;
  WARD_TRY(const std::string_view header, text_member(*object, "protected"));
  WARD_TRY(jwe.protected_header, header_text(header));
  WARD_TRY(jwe.encrypted_key, octets_member(*object, "encrypted_key"));
  WARD_TRY(jwe.iv, octets_member(*object, "iv"));
  WARD_TRY(jwe.ciphertext, octets_member(*object, "ciphertext"));
  WARD_TRY(jwe.tag, octets_member(*object, "tag"));
  return jwe;
}

Result<Jwe> parse_compact_jwe(std::string_view compact) {
  if (compact.size() > kMaxJweBytes) return Error(Errc::kLimit, "jwe: size", compact.size());
  std::vector<std::string_view> parts;
  while (parts.size() < 5) {
    const std::size_t dot = compact.find('.');
    parts.push_back(compact.substr(0, dot));
    if (dot == std::string_view::npos) break;
    compact.remove_prefix(dot + 1);
    if (parts.size() == 5) return Error(Errc::kMalformed, "jwe: more than five parts");
  }
  if (parts.size() != 5) return Error(Errc::kMalformed, "jwe: not five parts");
  Jwe jwe;
  WARD_TRY(jwe.protected_header, header_text(parts[0]));
  WARD_TRY(jwe.encrypted_key, decode(parts[1]));
  WARD_TRY(jwe.iv, decode(parts[2]));
  WARD_TRY(jwe.ciphertext, decode(parts[3]));
  WARD_TRY(jwe.tag, decode(parts[4]));
  return jwe;
}

std::string to_json(const Jwe& jwe) {
  // base64url throughout: nothing needs an escape
  return R"({"protected":")" + jwe.protected_header + R"(","encrypted_key":")" +
         url(jwe.encrypted_key) + R"(","iv":")" + url(jwe.iv) + R"(","ciphertext":")" +
         url(jwe.ciphertext) + R"(","tag":")" + url(jwe.tag) + R"("})";
}

std::string to_compact(const Jwe& jwe) {
  return jwe.protected_header + '.' + url(jwe.encrypted_key) + '.' + url(jwe.iv) + '.' +
         url(jwe.ciphertext) + '.' + url(jwe.tag);
}

Result<Jwe> encrypt_jwe(const crypto::PublicKey& receiver, Bytes plaintext, crypto::Rng& rng,
                        RsaWrap wrap) {
  WARD_TRY(Encrypted out, encrypt(receiver, {.plaintext = plaintext}, rng, wrap));
  return std::move(out.jwe);
}

Result<std::string> encrypt_kbs_0_1(const crypto::PublicKey& receiver, Bytes plaintext,
                                    crypto::Rng& rng, RsaWrap wrap) {
  WARD_TRY(Encrypted out,
           encrypt(receiver, {.plaintext = plaintext, .with_header = false}, rng, wrap));
  codec::JsonWriter w;
  w.begin_object().member("protected", out.header);
  w.member("encrypted_key", url(out.jwe.encrypted_key)).member("iv", url(out.jwe.iv));
  w.member("ciphertext", url(concat({out.jwe.ciphertext, out.jwe.tag})));
  return w.member("tag", std::string_view{}).end_object().take();
}

Result<SecretBytes> decrypt_jwe(const Jwe& jwe, const crypto::PrivateKey& key) {
  if (key.type() == KeyType::kEd25519) {
    return Error(Errc::kUnsupported, "jwe: the key does not decrypt");
  }
  if (jwe.ciphertext.size() > kMaxJwePlaintext) {
    return Error(Errc::kLimit, "jwe: ciphertext", jwe.ciphertext.size());
  }
  WARD_TRY(const JsonValue header, parse_header(jwe));
  WARD_CHECK_OK(check_header(header, alg_of(key.type())));
  const auto iv = to_array<crypto::kAeadNonceBytes>(jwe.iv);
  if (!iv) return Error(Errc::kMalformed, "jwe: length of iv", jwe.iv.size());
  const auto tag = to_array<crypto::kAeadTagBytes>(jwe.tag);
  if (!tag) return Error(Errc::kMalformed, "jwe: length of tag", jwe.tag.size());
  WARD_TRY(const SecretBytes cek, unwrap(jwe, header, key));
  if (cek.size() != kCekBytes) return Error(Errc::kUntrusted, "jwe: content key");
  WARD_TRY(crypto::Aead aead,
           crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, cek.expose()));
  SecretBytes plaintext(jwe.ciphertext.size());
  WARD_CHECK_OK(aead.open_detached(*iv, as_bytes(jwe.protected_header), jwe.ciphertext, *tag,
                                   plaintext.expose_mut()));
  return plaintext;
}

}  // namespace ward::token
