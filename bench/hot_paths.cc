#include "bench/hot_paths.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "bench/bare.h"
#include "bench/platform.h"
#include "bench/quotes.h"
#include "codec/json.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/signature.h"
#include "pki/certificate.h"
#include "tee/dcap/tcb_documents.h"

namespace ward::bench {
namespace {

using crypto::PublicKey;
using crypto::SignatureAlgorithm;

HotPath parser(const char* name, Bytes text, bool (*parse)(Bytes), Bare (*bare)(Bytes)) {
  return {.name = name,
          .area = "parsing",
          .bytes = text.size(),
          .run = [text = to_buffer(text), parse] { return parse(text); },
          .base = base_of(std::string(name) + ".bare", bare(text))};
}

HotPath json_parse() {
  return parser(
      "json.parse", document_of(sgx_platform(), "tcb_info.json"),
      [](Bytes text) { return codec::parse_json(text).has_value(); }, bare_json);
}

HotPath tcb_info_sgx() {
  return parser(
      "dcap.tcb_info.sgx", document_of(sgx_platform(), "tcb_info.json"),
      [](Bytes text) { return dcap::parse_tcb_info(text).has_value(); }, bare_json);
}

HotPath tcb_info_tdx() {
  return parser(
      "dcap.tcb_info.tdx", document_of(tdx_platform(), "tcb_info.json"),
      [](Bytes text) { return dcap::parse_tcb_info(text).has_value(); }, bare_json);
}

HotPath qe_identity() {
  return parser(
      "dcap.qe_identity", document_of(sgx_platform(), "qe_identity.json"),
      [](Bytes text) { return dcap::parse_qe_identity(text).has_value(); }, bare_json);
}

// certificate_in is the first of a text with certificates in it.
pki::Certificate certificate_in(std::string_view text) {
  const auto all = pki::parse_certificates(text.substr(text.find("-----BEGIN")));
  if (!all || all->empty()) std::abort();
  return all->front();
}

// The PCK certificate: the leaf of the chain that stands in the quote.
HotPath certificate() {
  return parser(
      "pki.certificate", certificate_in(as_text(sgx_platform().evidence)).der,
      [](Bytes der) { return pki::parse_certificate(der).has_value(); }, bare_certificate);
}

HotPath crl() {
  return parser(
      "pki.crl", document_of(sgx_platform(), "pck_platform_ca.crl"),
      [](Bytes der) { return pki::parse_crl(der).has_value(); }, bare_crl);
}

HotPath crypto_path(const char* name, std::size_t bytes, std::function<bool()> run, Bare bare) {
  return {.name = std::string("crypto.") + name,
          .area = "crypto",
          .bytes = bytes,
          .run = std::move(run),
          .base = base_of(std::string("bare.") + name, std::move(bare))};
}

constexpr std::size_t kBulk = 65536;

HotPath sha256_64k() {
  const Buffer data(kBulk, std::uint8_t{0x5a});
  return crypto_path(
      "sha256", data.size(), [data] { return crypto::sha256(data)[0] != 0; }, bare_sha256(data));
}

// The signed part of an SEV-SNP report.
HotPath sha384_report() {
  const Buffer data(672, std::uint8_t{0x5a});
  return crypto_path(
      "sha384", data.size(),
      [data] { return !crypto::digest(crypto::Hash::kSha384, data).empty(); }, bare_sha384(data));
}

constexpr std::string_view kSample = "sample";  // RFC 6979's message

// RFC 6979 appendix A.2.5: the key, and the signature of "sample" with SHA-256. A signature made
// here would differ from run to run, and its count with it.
Buffer p256_point() {
  return *from_hex(
      "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
      "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299");
}

HotPath p256_verify() {
  const Buffer signature = *from_hex(
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
      "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  const PublicKey key = *PublicKey::from_p256_xy(p256_point());
  return crypto_path(
      "p256_verify", kSample.size(),
      [key, signature] {
        return key.verify_rs(SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(kSample), signature);
      },
      bare_p256(key.to_spki(), as_bytes(kSample), signature));
}

// The key of a quote's signature: a fresh one with each quote.
HotPath p256_key() {
  const Buffer xy = p256_point();
  return crypto_path(
      "p256_key", xy.size(), [xy] { return PublicKey::from_p256_xy(xy).has_value(); },
      bare_p256_key(xy));
}

// RFC 6979 appendix A.2.6, "sample" with SHA-384, for the same reason.
PublicKey p384_key() {
  return *PublicKey::from_ec_xy(
      crypto::KeyType::kP384,
      *from_hex("ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64"
                "def8f0ea9055866064a254515480bc13"
                "8015d9b72d7d57244ea8ef9ac0c621896708a59367f9dfb9f54ca84b3f1c9db1"
                "288b231c3ae0d4fe7344fd2533264720"));
}

Buffer p384_signature() {
  return *from_hex(
      "94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c"
      "81a648152e44acf96e36dd1e80fabe46"
      "99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94f"
      "a329c145786e679e7b82c71a38628ac8");
}

HotPath p384_verify() {
  return crypto_path(
      "p384_verify", kSample.size(),
      [key = p384_key(), signature = p384_signature()] {
        return key.verify_rs(SignatureAlgorithm::kEcdsaP384Sha384, as_bytes(kSample), signature);
      },
      bare_p384("ES384", p384_key().to_spki(), as_bytes(kSample), p384_signature()));
}

// What P-384 would cost with OpenSSL, beside the library in use.
HotPath p384_openssl() {
  HotPath out = p384_verify();
  out.name = "openssl.p384_verify";
  out.run = bare_evp("ES384", p384_key().to_spki(), as_bytes(kSample), p384_signature())->run;
  return out;
}

// AMD's ARK vouches for itself: a key of 4096 bits over a certificate.
HotPath rsa_verify() {
  const pki::Certificate ark = certificate_in(as_text(document_of(snp_platform(), "root_ca.pem")));
  return crypto_path(
      "rsa4096_pss_verify", ark.tbs.size(),
      [key = ark.public_key, message = to_buffer(ark.tbs), signature = ark.signature] {
        return key && key->verify(SignatureAlgorithm::kRsaPssSha384, message, signature);
      },
      *bare_evp("PS384", ark.spki, ark.tbs, ark.signature));
}

HotPath aes256gcm_64k() {
  const auto aead = std::make_shared<crypto::Aead>(
      *crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, Buffer(32, std::uint8_t{1})));
  auto data = std::make_shared<Buffer>(kBulk);
  auto out = std::make_shared<Buffer>(data->size() + crypto::kAeadTagBytes);
  return crypto_path(
      "aes256gcm", data->size(),
      [aead, data, out] {
        constexpr std::array<std::uint8_t, crypto::kAeadNonceBytes> kNonce{};
        return aead->seal(kNonce, {}, *data, *out).has_value();
      },
      bare_aes256gcm(*data));
}

HotPath hex_64k() {
  const Buffer data(kBulk, std::uint8_t{0x5a});
  return {"base.hex", "parsing", data.size(), [data] { return to_hex(data).size() == 2 * kBulk; }};
}

constexpr std::string_view kText = "2024-02-29T23:59:59Z";

HotPath time_parse() {
  return {"base.rfc3339", "parsing", kText.size(), [] { return parse_rfc3339(kText).has_value(); }};
}

// The evidence is this program's own: where it is not accepted, nothing here may be believed.
HotPath known(Result<HotPath> made) {
  if (!made) std::abort();
  return *std::move(made);
}

HotPath sgx_cold() { return known(cold_path("verify.sgx.cold", sgx_platform())); }

HotPath tdx_cold() { return known(cold_path("verify.tdx.cold", tdx_platform())); }

HotPath snp_cold() { return known(cold_path("verify.snp.cold", snp_platform())); }

HotPath sgx_warm() { return known(warm_path("verify.sgx.warm", sgx_platform())); }

HotPath tdx_warm() { return known(warm_path("verify.tdx.warm", tdx_platform())); }

HotPath snp_warm() { return known(warm_path("verify.snp.warm", snp_platform())); }

constexpr PathMaker kPaths[] = {
    {"base.rfc3339", time_parse},        {"base.hex", hex_64k},
    {"json.parse", json_parse},          {"dcap.tcb_info.sgx", tcb_info_sgx},
    {"dcap.tcb_info.tdx", tcb_info_tdx}, {"dcap.qe_identity", qe_identity},
    {"pki.certificate", certificate},    {"pki.crl", crl},
    {"crypto.sha256", sha256_64k},       {"crypto.sha384", sha384_report},
    {"crypto.p256_verify", p256_verify}, {"crypto.p256_key", p256_key},
    {"crypto.p384_verify", p384_verify}, {"crypto.rsa4096_pss_verify", rsa_verify},
    {"crypto.aes256gcm", aes256gcm_64k}, {"verify.sgx.cold", sgx_cold},
    {"verify.tdx.cold", tdx_cold},       {"verify.snp.cold", snp_cold},
    {"verify.sgx.warm", sgx_warm},       {"verify.tdx.warm", tdx_warm},
    {"verify.snp.warm", snp_warm},
};

constexpr PathMaker kInformative[] = {{"openssl.p384_verify", p384_openssl},
                                      {"quotes.sgx", sgx_quote},
                                      {"quotes.tdx", tdx_quote},
                                      {"quotes.snp", snp_report}};

}  // namespace

std::span<const PathMaker> hot_paths() { return kPaths; }

std::span<const PathMaker> informative_paths() { return kInformative; }

}  // namespace ward::bench
