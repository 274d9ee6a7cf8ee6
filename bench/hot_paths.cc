#include "bench/hot_paths.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"
#include "codec/json.h"
#include "crypto/aead.h"
#include "crypto/digest.h"
#include "crypto/p384.h"
#include "crypto/signature.h"
#include "pki/build.h"
#include "pki/certificate.h"

namespace ward::bench {
namespace {

// A document of the shape and size of an Intel TCB info (16 levels of 16 components).
std::string tcb_document() {
  std::string out = R"({"tcbInfo":{"id":"SGX","version":3,"fmspc":"00606a000000","tcbLevels":[)";
  for (int level = 0; level < 16; ++level) {
    out += level == 0 ? R"({"tcb":{"sgxtcbcomponents":[)" : R"(,{"tcb":{"sgxtcbcomponents":[)";
    for (int component = 0; component < 16; ++component) {
      out += component == 0 ? R"({"svn":)" : R"(,{"svn":)";
      out += std::to_string((level * 7 + component * 3) % 20) + R"(,"category":"BIOS"})";
    }
    out += R"(],"pcesvn":)" + std::to_string(13 - level / 2);
    out += R"(},"tcbDate":"2023-08-09T00:00:00Z","tcbStatus":"SWHardeningNeeded",)";
    out += R"("advisoryIDs":["INTEL-SA-00615","INTEL-SA-00657"]})";
  }
  return out + R"(]},"signature":"00"})";
}

HotPath json_parse() {
  auto text = std::make_shared<const std::string>(tcb_document());
  return {"json.parse", text->size(),
          [text] { return codec::parse_json(as_bytes(*text)).has_value(); }};
}

HotPath sha256_64k() {
  auto data = std::make_shared<const Buffer>(65536, std::uint8_t{0x5a});
  return {"crypto.sha256", data->size(), [data] { return crypto::sha256(*data)[0] != 0; }};
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
  return {"crypto.p256_verify", kSample.size(),
          [key = *crypto::PublicKey::from_p256_xy(p256_point()), signature] {
            return key.verify_rs(crypto::SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(kSample),
                                 signature);
          }};
}

// The key of a quote's signature: a fresh one with each quote.
HotPath p256_key() {
  return {"crypto.p256_key", 64,
          [xy = p256_point()] { return crypto::PublicKey::from_p256_xy(xy).has_value(); }};
}

// RFC 6979 appendix A.2.6, "sample" with SHA-384, for the same reason.
crypto::PublicKey p384_key() {
  return *crypto::PublicKey::from_ec_xy(
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
  return {.name = "crypto.p384_verify",
          .bytes = kSample.size(),
          .run =
              [key = p384_key(), signature = p384_signature()] {
                return key.verify_rs(crypto::SignatureAlgorithm::kEcdsaP384Sha384,
                                     as_bytes(kSample), signature);
              },
          .floor = "crypto.p384_openssl"};
}

HotPath p384_openssl() {
  const Buffer hash = crypto::digest(crypto::Hash::kSha384, as_bytes(kSample));
  return {"crypto.p384_openssl", hash.size(),
          [key = p384_key(), hash, signature = p384_signature()] {
            return crypto::p384::verify_with_openssl(key, hash, signature);
          }};
}

HotPath aes256gcm_64k() {
  const auto aead = std::make_shared<crypto::Aead>(
      *crypto::Aead::create(crypto::AeadAlgorithm::kAes256Gcm, Buffer(32, std::uint8_t{1})));
  auto data = std::make_shared<Buffer>(65536);
  auto out = std::make_shared<Buffer>(data->size() + crypto::kAeadTagBytes);
  return {"crypto.aes256gcm", data->size(), [aead, data, out] {
            constexpr std::array<std::uint8_t, crypto::kAeadNonceBytes> kNonce{};
            return aead->seal(kNonce, {}, *data, *out).has_value();
          }};
}

// A certificate of the shape of a PCK leaf; its signature has the right form only, because parsing
// does not look at it.
Buffer certificate() {
  constexpr std::array<pki::NamePart, 4> kName{
      {{"CN", "ward hot path"}, {"O", "ward"}, {"L", "Nowhere"}, {"C", "XX"}}};
  const pki::Name name = *pki::make_name(kName);
  const Buffer point = p256_point();
  const Buffer spki = crypto::PublicKey::from_p256_xy(point)->to_spki();
  const pki::CertificateSpec spec{
      .serial = Buffer(20, std::uint8_t{0x11}),
      .signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP256Sha256,
      .issuer = name,
      .subject = name,
      .not_before = *parse_rfc3339("2024-01-01T00:00:00Z"),
      .not_after = *parse_rfc3339("2034-01-01T00:00:00Z"),
      .spki = spki,
      .extensions = {pki::basic_constraints_extension({}),
                     pki::key_usage_extension(pki::key_usage::kDigitalSignature),
                     pki::subject_key_id_extension(*pki::key_id(spki)),
                     pki::crl_distribution_point_extension("https://example.org/crl.der")}};
  return *pki::build_certificate(spec, [](Bytes) -> Result<Buffer> {
    return *from_hex(
        "3046022100efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
        "022100f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8");
  });
}

HotPath certificate_parse() {
  auto der = std::make_shared<const Buffer>(certificate());
  return {"pki.certificate", der->size(),
          [der] { return pki::parse_certificate(*der).has_value(); }};
}

HotPath hex_64k() {
  auto data = std::make_shared<const Buffer>(65536, std::uint8_t{0x5a});
  return {"base.hex", data->size(), [data] { return to_hex(*data).size() == 131072; }};
}

constexpr std::string_view kText = "2024-02-29T23:59:59Z";

HotPath time_parse() {
  return {"base.rfc3339", kText.size(), [] { return parse_rfc3339(kText).has_value(); }};
}

}  // namespace

std::vector<HotPath> hot_paths() {
  return {time_parse(),    hex_64k(),           json_parse(),  sha256_64k(),
          p256_verify(),   p256_key(),          p384_verify(), p384_openssl(),
          aes256gcm_64k(), certificate_parse(), sgx_verify()};
}

}  // namespace ward::bench
