#include "tee/tpm/credential.h"

#include <algorithm>
#include <array>
#include <optional>

#include "base/writer.h"
#include "crypto/cipher.h"
#include "crypto/kdf.h"
#include "crypto/kem.h"
#include "crypto/mac.h"
#include "tee/tpm/evidence.h"

namespace ward::tpm {
namespace {

using crypto::Hash;
using crypto::KeyType;

// tpm2-tools, lib/files.c.
constexpr std::uint32_t kFileMarker = 0xbadcc0de;
constexpr std::uint32_t kFileVersion = 1;
constexpr std::string_view kChallengeMarker = "WARDTPC1";
constexpr std::size_t kMaxBlob = 512;  // octets, above what a TPM takes
constexpr std::size_t kRsaOctets = 256;
constexpr std::array<std::uint8_t, 9> kIdentity = {'I', 'D', 'E', 'N', 'T', 'I', 'T', 'Y', 0};
constexpr std::array<std::uint8_t, 16> kZeroIv{};

// What a certified EK's template says beside the key.
struct Template {
  KeyType key;
  Hash hash;
  std::size_t aes_key;  // octets
};

constexpr Template kTemplates[] = {{KeyType::kRsa, Hash::kSha256, 16},
                                   {KeyType::kP256, Hash::kSha256, 16},
                                   {KeyType::kP384, Hash::kSha384, 32}};

Result<Template> template_of(KeyType type) {
  const auto* const found = std::ranges::find(kTemplates, type, &Template::key);
  if (found == std::end(kTemplates)) {
    return Error(Errc::kUnsupported, "tpm.credential: an EK is RSA of 2048 bits, P-256 or P-384");
  }
  return *found;
}

// Keys are those of Part 1, 24.4 and 24.5.
struct Keys {
  SecretBytes storage;
  SecretBytes integrity;
};

Result<Keys> keys_of(const Template& t, Bytes seed, Bytes ak_name) {
  WARD_TRY(SecretBytes storage,
           crypto::counter_kdf(t.hash, seed, as_bytes("STORAGE"), ak_name, t.aes_key));
  WARD_TRY(SecretBytes integrity, crypto::counter_kdf(t.hash, seed, as_bytes("INTEGRITY"), {},
                                                      crypto::digest_size(t.hash)));
  return Keys{std::move(storage), std::move(integrity)};
}

void write_2b(Writer& w, Bytes octets) {
  w.u16be(static_cast<std::uint16_t>(octets.size()));
  w.bytes(octets);
}

Error truncated(const Reader& r) {
  return {Errc::kTruncated, "tpm.credential: ends early", r.offset()};
}

// Seed is a fresh one and what carries it to the EK.
struct Seed {
  SecretBytes octets;
  Buffer carrier;
};

Result<Seed> rsa_seed(const crypto::PublicKey& ek, crypto::Rng& rng) {
  Seed out{.octets = crypto::random_secret(rng, crypto::digest_size(Hash::kSha256)), .carrier = {}};
  WARD_TRY(out.carrier,
           crypto::rsa_oaep_encrypt(ek, crypto::OaepHash::kSha256, out.octets.expose(), kIdentity));
  if (out.carrier.size() != kRsaOctets) {
    return Error(Errc::kUnsupported, "tpm.credential: an RSA EK has 2048 bits",
                 8 * out.carrier.size());
  }
  return out;
}

Result<Seed> ecc_seed(const crypto::PublicKey& ek, crypto::Rng& rng) {
  WARD_TRY(const crypto::PrivateKey ephemeral, crypto::PrivateKey::generate(ek.type(), rng));
  const Buffer point = ephemeral.public_key().to_ec_xy();
  Seed out;
  WARD_TRY(out.octets, agreed_seed(ephemeral, ek, point, ek.to_ec_xy()));
  Writer carrier;
  write_2b(carrier, Bytes(point).first(point.size() / 2));
  write_2b(carrier, Bytes(point).subspan(point.size() / 2));
  out.carrier = carrier.take();
  return out;
}

Result<SecretBytes> open_ecc(const crypto::PrivateKey& ek, Bytes carrier) {
  const Buffer own = ek.public_key().to_ec_xy();
  Reader r(carrier);
  Bytes x;
  Bytes y;
  if (!read_2b(r, own.size() / 2, x) || !read_2b(r, own.size() / 2, y) || !r.empty()) {
    return Error(Errc::kMalformed, "tpm.credential: no point");
  }
  const auto fixed_x = fixed_width(x, own.size() / 2);
  const auto fixed_y = fixed_width(y, own.size() / 2);
  if (!fixed_x || !fixed_y) return Error(Errc::kMalformed, "tpm.credential: no point");
  const Buffer point = concat({*fixed_x, *fixed_y});
  WARD_TRY(const crypto::PublicKey peer, crypto::PublicKey::from_ec_xy(ek.type(), point));
  return agreed_seed(ek, peer, point, own);
}

}  // namespace

Result<SecretBytes> agreed_seed(const crypto::PrivateKey& mine, const crypto::PublicKey& peer,
                                Bytes ephemeral, Bytes ek) {
  WARD_TRY(const Template t, template_of(mine.type()));
  WARD_TRY(const SecretBytes z, crypto::ecdh(mine, peer));
  const Buffer info =
      concat({kIdentity, ephemeral.first(ephemeral.size() / 2), ek.first(ek.size() / 2)});
  return crypto::single_step_kdf(t.hash, z.expose(), info, crypto::digest_size(t.hash));
}

Result<Credential> make_credential(const crypto::PublicKey& ek, Bytes ak_name, Bytes secret,
                                   crypto::Rng& rng) {
  WARD_TRY(const Template t, template_of(ek.type()));
  if (ak_name.size() <= 2 || ak_name.size() > kMaxName) {
    return Error(Errc::kMalformed, "tpm.credential: octets of a name", ak_name.size());
  }
  if (secret.empty() || secret.size() > crypto::digest_size(t.hash)) {
    return Error(Errc::kLimit, "tpm.credential: octets of the secret", secret.size());
  }
  WARD_TRY(Seed seed, t.key == KeyType::kRsa ? rsa_seed(ek, rng) : ecc_seed(ek, rng));
  WARD_TRY(const Keys keys, keys_of(t, seed.octets.expose(), ak_name));
  SecretBytes plain(2 + secret.size());
  plain.expose_mut()[1] = static_cast<std::uint8_t>(secret.size());
  std::ranges::copy(secret, plain.expose_mut().begin() + 2);
  WARD_TRY(const Buffer identity,
           crypto::aes_cfb_encrypt(keys.storage.expose(), kZeroIv, plain.expose()));
  Writer blob;
  write_2b(blob, crypto::hmac(t.hash, keys.integrity.expose(), concat({identity, ak_name})));
  blob.bytes(identity);
  return Credential{.blob = blob.take(), .secret = std::move(seed.carrier)};
}

Result<SecretBytes> open_credential(const crypto::PrivateKey& ek, Bytes ak_name,
                                    const Credential& credential) {
  WARD_TRY(const Template t, template_of(ek.type()));
  WARD_TRY(const SecretBytes seed, t.key == KeyType::kRsa
                                       ? crypto::rsa_oaep_decrypt(ek, crypto::OaepHash::kSha256,
                                                                  credential.secret, kIdentity)
                                       : open_ecc(ek, credential.secret));
  if (seed.empty()) return Error(Errc::kUntrusted, "tpm.credential: no seed");
  WARD_TRY(const Keys keys, keys_of(t, seed.expose(), ak_name));
  Reader r(credential.blob);
  Bytes tag;
  if (!read_2b(r, kMaxDigest, tag)) return truncated(r);
  const Bytes identity = Bytes(credential.blob).subspan(r.offset());
  if (!crypto::verify_hmac(t.hash, keys.integrity.expose(), concat({identity, ak_name}), tag)) {
    return Error(Errc::kUntrusted, "tpm.credential: for another EK or another key's name");
  }
  WARD_TRY(const SecretBytes plain,
           crypto::aes_cfb_decrypt(keys.storage.expose(), kZeroIv, identity));
  Reader inner(plain.expose());
  Bytes out;
  if (!read_2b(inner, kMaxCredentialSecret, out) || !inner.empty()) {
    return Error(Errc::kMalformed, "tpm.credential: no digest within");
  }
  return SecretBytes::copy_of(out);
}

Buffer write_credential(const Credential& credential) {
  Writer w;
  w.u32be(kFileMarker);
  w.u32be(kFileVersion);
  write_2b(w, credential.blob);
  write_2b(w, credential.secret);
  return w.take();
}

Result<Credential> read_credential(Bytes file) {
  Reader r(file);
  std::uint32_t marker = 0;
  std::uint32_t version = 0;
  Bytes blob;
  Bytes secret;
  if (!r.u32be(marker) || !r.u32be(version)) return truncated(r);
  if (marker != kFileMarker || version != kFileVersion) {
    return Error(Errc::kMalformed, "tpm.credential: no file of tpm2_makecredential");
  }
  if (!read_2b(r, kMaxBlob, blob) || !read_2b(r, kMaxRsa, secret)) return truncated(r);
  if (!r.empty()) return Error(Errc::kMalformed, "tpm.credential: octets behind it", r.offset());
  return Credential{.blob = to_buffer(blob), .secret = to_buffer(secret)};
}

SecretBytes write_challenge(const Challenge& challenge) {
  Writer sizes;
  sizes.u16be(static_cast<std::uint16_t>(challenge.secret.size()));
  sizes.u16be(static_cast<std::uint16_t>(challenge.ak.size()));
  const Bytes parts[] = {as_bytes(kChallengeMarker), sizes.view().first(2),
                         challenge.secret.expose(), sizes.view().last(2), challenge.ak};
  std::size_t size = 0;
  for (const Bytes part : parts)
    size += part.size();
  SecretBytes out(size);
  auto at = out.expose_mut().begin();
  for (const Bytes part : parts)
    at = std::ranges::copy(part, at).out;
  return out;
}

Result<Challenge> read_challenge(Bytes file) {
  Reader r(file);
  Bytes marker;
  Bytes secret;
  Bytes ak;
  if (!r.bytes(kChallengeMarker.size(), marker)) return truncated(r);
  if (as_text(marker) != kChallengeMarker) {
    return Error(Errc::kMalformed, "tpm.challenge: no file of `ward tpm challenge`");
  }
  if (!read_2b(r, kMaxCredentialSecret, secret) || !read_2b(r, kMaxPublic, ak)) return truncated(r);
  if (!r.empty()) return Error(Errc::kMalformed, "tpm.challenge: octets behind it", r.offset());
  if (secret.size() != kCredentialSecret) {
    return Error(Errc::kMalformed, "tpm.challenge: octets of the secret", secret.size());
  }
  return Challenge{.secret = SecretBytes::copy_of(secret), .ak = to_buffer(ak)};
}

std::string ak_fault(const Public& area) {
  if (!hash_of(area.name_alg)) {
    return "its name is made with " + name_of(area.name_alg) +
           ": two keys may have one name (SHA-256 or better)";
  }
  if (is_ak(area.attributes)) return "";
  return "it is " + attributes_text(area.attributes) + ", not " + attributes_text(kAkDemanded) +
         " and not decrypt: what it signs need not be the TPM's own word";
}

}  // namespace ward::tpm
