#include "tee/sev/made/stage.h"

#include <algorithm>

#include "codec/pem.h"
#include "crypto/repeatable.h"
#include "crypto/rng.h"
#include "tee/sev/made/rsa_keys.h"

namespace ward::sev::made {
namespace {

using crypto::PrivateKey;

// What the guest's policy of a good stage says: NODBG, NOKS, ES, NOSEND; API 0.22 at least.
constexpr std::uint32_t kGoodPolicy = 0x1600000f;

// KEY_ID of the lines' ARK: what names the line of a development root.
constexpr const char* kNaplesId = "1bb987c359494606b174945601c9ea5b";
constexpr const char* kRomeId = "e6002122fb58419399d15fee7b131351";
constexpr const char* kMilanId = "94c38e4177d0479292a7ae671d083fb6";

const char* key_id_of(const Face& face) {
  if (face.rsa_bits == 2048) return kNaplesId;
  return face.algorithm == kEcdsaSha384 ? kMilanId : kRomeId;
}

// RSA numbers come out of a PublicKey as a DER SubjectPublicKeyInfo alone: the modulus are the
// octets before the last five, the exponent's INTEGER.
Buffer modulus_of(const crypto::PublicKey& key, std::size_t size) {
  constexpr std::size_t kExponentInteger = 5;
  const Buffer spki = key.to_spki();
  const auto end = spki.end() - static_cast<std::ptrdiff_t>(kExponentInteger);
  return {end - static_cast<std::ptrdiff_t>(size), end};
}

CaParts ca(const Face& face, Usage usage, const PrivateKey& key) {
  const std::size_t size = face.rsa_bits / 8;
  CaParts out;
  const auto ark_id = *to_array<16>(*from_hex(key_id_of(face)));
  out.key_id = ark_id;
  if (usage == Usage::kAsk) out.key_id.fill(0x5a);
  out.certifying_id = ark_id;
  out.usage = usage;
  out.exponent = Buffer(size);
  out.exponent[0] = 1;
  out.exponent[2] = 1;
  out.modulus = reversed(modulus_of(key.public_key(), size));
  return out;
}

PlatformParts platform(const Face& face, Usage usage, const PrivateKey& key) {
  const bool pdh = usage == Usage::kPdh;
  const bool large = face.algorithm == kEcdsaSha384;
  return {.api_major = 0,
          .api_minor = 24,
          .usage = usage,
          .algorithm = pdh ? (large ? kEcdhSha384 : kEcdhSha256) : face.algorithm,
          .public_key = write_ec_key(key.public_key())};
}

Buffer ecdsa(const PrivateKey& key, std::uint32_t stated, Bytes message) {
  const auto algorithm = ecdsa_algorithm(stated, key.type());
  return write_rs(*crypto::sign_repeatably_rs(key, *algorithm, message));
}

Buffer rsa(const PrivateKey& key, std::size_t size, Bytes message) {
  return reversed(*crypto::sign_repeatably(key, rsa_algorithm(size), message));
}

Usage usage_of(By by) {
  switch (by) {
    case By::kArk:
      return Usage::kArk;
    case By::kAsk:
      return Usage::kAsk;
    case By::kOca:
      return Usage::kOca;
    case By::kCek:
      return Usage::kCek;
    case By::kPek:
      return Usage::kPek;
    case By::kPdh:
      return Usage::kPdh;
    case By::kNobody:
      break;
  }
  return Usage::kNone;
}

// A signature that states to be of `stated` and is of `by`'s key.
Signature signature(const Stage& s, By by, By stated, Bytes message) {
  Signature out;
  if (by == By::kNobody) return out;
  out.signer = usage_of(stated);
  const PrivateKey& key = s.key(by);
  const bool of_amd = key.type() == crypto::KeyType::kRsa;
  const std::size_t size = s.face.rsa_bits / 8;
  out.algorithm = !of_amd ? s.face.algorithm : size == 256 ? kRsaSha256 : kRsaSha384;
  const Buffer octets = of_amd ? rsa(key, size, message) : ecdsa(key, out.algorithm, message);
  std::ranges::copy(octets, out.octets.begin());
  return out;
}

// Slot is one signature of a certificate: who is stated, and who really signs.
struct Slot {
  By stated;
  By by;
};

Buffer signed_certificate(const Stage& s, PlatformParts parts, Slot first,
                          Slot second = {By::kNobody, By::kNobody}) {
  const Buffer bare = write_certificate(parts);
  const Bytes message = Bytes(bare).first(certificate::Sig1Usage::kBegin);
  parts.signatures[0] = signature(s, first.by, first.stated, message);
  parts.signatures[1] = signature(s, second.by, second.stated, message);
  return write_certificate(parts);
}

Buffer signed_ca(const Stage& s, CaParts parts, By by) {
  parts.signature.clear();
  const Buffer message = write_ca(parts);
  const std::size_t size = parts.modulus.size();
  parts.signature = by == By::kNobody ? Buffer(size) : rsa(s.key(by), size, message);
  return write_ca(parts);
}

}  // namespace

const PrivateKey& Stage::key(By by) const {
  switch (by) {
    case By::kArk:
      return ark_key(face.rsa_bits);
    case By::kAsk:
      return ask_key(face.rsa_bits);
    case By::kOca:
      return oca_key;
    case By::kCek:
      return cek_key;
    case By::kPek:
      return pek_key;
    case By::kPdh:
    case By::kNobody:
      break;
  }
  return pdh_key;
}

Stage good_stage(const Face& face) {
  crypto::SeededRng rng(as_bytes(std::string("sev ") + face.name));
  const auto fresh = [&] { return *PrivateKey::generate(face.curve, rng); };
  Stage s{.face = face,
          .oca_key = fresh(),
          .cek_key = fresh(),
          .pek_key = fresh(),
          .pdh_key = fresh(),
          .ark = ca(face, Usage::kArk, ark_key(face.rsa_bits)),
          .ask = ca(face, Usage::kAsk, ask_key(face.rsa_bits)),
          .oca = {},
          .cek = {},
          .pek = {},
          .pdh = {},
          .report = {},
          .signers = {}};
  s.oca = platform(face, Usage::kOca, s.oca_key);
  s.cek = platform(face, Usage::kCek, s.cek_key);
  s.pek = platform(face, Usage::kPek, s.pek_key);
  s.pdh = platform(face, Usage::kPdh, s.pdh_key);
  s.report.mnonce = crypto::random_array<16>(rng);
  s.report.launch_digest = crypto::random_array<32>(rng);
  s.report.policy = kGoodPolicy;
  s.report.sig_usage = static_cast<std::uint32_t>(Usage::kPek);
  s.report.sig_algo = face.algorithm;
  if (face.unsigned_root) s.signers.ark = By::kNobody;
  return s;
}

Made make(const Stage& s) {
  Made out;
  const Signers& by = s.signers;
  out.ark = signed_ca(s, s.ark, by.ark);
  if (by.ark == By::kNobody && s.face.unsigned_root) {
    out.ark.resize(out.ark.size() - s.ark.modulus.size());
  }
  out.ask = signed_ca(s, s.ask, by.ask);
  out.oca = signed_certificate(s, s.oca, {By::kOca, by.oca});
  out.cek = signed_certificate(s, s.cek, {By::kAsk, by.cek});
  out.pek = signed_certificate(s, s.pek, {By::kOca, by.pek_owner}, {By::kCek, by.pek});
  out.pdh = signed_certificate(s, s.pdh, {By::kPek, by.pdh});
  ReportParts report = s.report;
  const Buffer bare = write_report(report);
  const Buffer octets = ecdsa(s.key(by.report), s.face.algorithm, Bytes(bare).first(kSignedSize));
  std::ranges::copy(octets, report.signature.begin());
  out.report = write_report(report);
  out.certificates = s.face.certificates;
  return out;
}

Buffer Made::chain() const { return concat({pdh, pek, oca, cek, ask, ark}); }

Buffer Made::evidence() const { return certificates ? concat({report, chain()}) : report; }

std::vector<attest::Document> Made::collateral() const {
  if (certificates) return {};
  return {{"platform.cert", concat({pdh, pek, oca, cek})}, {"ask_ark.cert", concat({ask, ark})}};
}

attest::Anchor root(const Face& face, bool development) {
  return {.spki_sha256 = crypto::sha256(ark_key(face.rsa_bits).public_key().to_spki()),
          .name = "made ARK",
          .development = development};
}

std::string root_pem(const Face& face) {
  return codec::to_pem("PUBLIC KEY", ark_key(face.rsa_bits).public_key().to_spki());
}

}  // namespace ward::sev::made
