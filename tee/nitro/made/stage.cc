#include "tee/nitro/made/stage.h"

#include <cstdlib>

#include "crypto/digest.h"
#include "crypto/repeatable.h"
#include "tee/nitro/document.h"
#include "tee/nitro/scheme.h"
#include "tee/x509/development.h"

namespace ward::nitro::made {
namespace {

using crypto::PrivateKey;

constexpr const char* kNames[kPlaces] = {
    "aws.nitro-enclaves", "1234567890abcdef.not-a-region.aws.nitro-enclaves",
    "fedcba0987654321.zonal.not-a-region.aws.nitro-enclaves",
    "i-0123456789abcdef0.not-a-region.aws.nitro-enclaves",
    "i-0123456789abcdef0-enc0123456789abcdef.not-a-region.aws"};
constexpr const char* kModule = "i-0123456789abcdef0-enc0123456789abcdef";

// What cannot fail here ends the program.
template <class T>
T sure(Result<T> result) {
  if (!result) std::abort();
  return *std::move(result);
}

pki::Name name_of(std::size_t place) {
  const pki::NamePart parts[] = {{"C", "US"},
                                 {"O", "Amazon"},
                                 {"OU", "AWS"},
                                 {"CN", kNames[place]},
                                 {"serialNumber", x509::kDevelopmentMark}};
  return sure(pki::make_name(parts));
}

pki::CertificateSpec spec_of(std::size_t place) {
  pki::CertificateSpec out;
  out.serial = {0x41, static_cast<std::uint8_t>(place)};
  out.signature_algorithm = crypto::SignatureAlgorithm::kEcdsaP384Sha384;
  out.issuer = name_of(place == kRoot ? kRoot : place - 1);
  out.subject = name_of(place);
  out.not_before = kFrom;
  out.not_after = place == kEnclave ? kTo : UnixTime{kTo.seconds + 86400};
  out.spki = key_of(place).public_key().to_spki();
  if (place == kEnclave) {
    out.extensions = {pki::basic_constraints_extension({.ca = false}),
                      pki::key_usage_extension(pki::key_usage::kDigitalSignature)};
    return out;
  }
  pki::BasicConstraints ca{.ca = true};
  if (place != kRoot) ca.path_len = static_cast<std::uint32_t>(kInstance - place);
  out.extensions = {
      pki::basic_constraints_extension(ca),
      pki::key_usage_extension(pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign)};
  return out;
}

Buffer certificate_of(const Issued& issued) {
  return sure(pki::build_certificate(issued.spec, [&](Bytes tbs) {
    return crypto::sign_repeatably(key_of(issued.signer), issued.spec.signature_algorithm, tbs);
  }));
}

Buffer filled(std::string_view label) { return to_buffer(crypto::sha384(as_bytes(label))); }

}  // namespace

const PrivateKey& key_of(std::size_t place) {
  static const auto keys = [] {
    std::vector<PrivateKey> out;
    crypto::SeededRng rng(as_bytes("ward development nitro"));
    for (std::size_t i = 0; i < kPlaces; ++i) {
      out.push_back(sure(PrivateKey::generate(crypto::KeyType::kP384, rng)));
    }
    return out;
  }();
  return keys[place];
}

Stage good_stage() {
  Stage out;
  for (std::size_t i = 0; i < kPlaces; ++i) {
    out.chain[i] = {spec_of(i), i == kRoot ? std::size_t{kRoot} : i - 1};
  }
  out.module_id = kModule;
  out.timestamp_ms = static_cast<std::uint64_t>(kMade.seconds) * 1000 + 417;
  for (std::uint32_t i = 0; i <= kWorkloadPcr; ++i) {
    out.pcrs[i] = Buffer(kPcrSize);
  }
  for (const std::uint32_t i : {kImagePcr, kKernelPcr, kApplicationPcr, 3U, 4U, kSignerPcr}) {
    out.pcrs[i] = filled("pcr" + std::to_string(i));
  }
  // As an enclave extends it by a manifest's digest.
  out.pcrs[kWorkloadPcr] =
      to_buffer(crypto::sha384(concat({Buffer(kPcrSize), filled("manifest")})));
  out.user_data = concat({as_bytes("nonce and key"), Buffer(51)});
  out.nonce = to_buffer(as_bytes("nonce"));
  out.public_key = key_of(kEnclave).public_key().to_spki();
  attest::Anchor root{.name = "development", .development = true};
  root.spki_sha256 = crypto::sha256(key_of(kRoot).public_key().to_spki());
  out.anchors = {root};
  out.policy = {.name = "test", .allow_development = true};
  out.expected = {std::vector<Buffer>{*out.user_data}, std::vector<Buffer>{out.pcrs[kImagePcr]},
                  std::vector<Buffer>{out.pcrs[kWorkloadPcr]}};
  return out;
}

Buffer sign_payload(const Stage& stage, Bytes payload) {
  const auto algorithm = token::signature_algorithm(token::CoseAlgorithm::kEs384);
  return sure(token::sign_cose_sign1(stage.algorithm,
                                     [&](Bytes octets) {
                                       return crypto::sign_repeatably_rs(key_of(stage.signer),
                                                                         algorithm, octets);
                                     },
                                     payload, {.tagged = stage.tagged}));
}

Made make(const Stage& stage) {
  Made out;
  for (const Issued& issued : stage.chain) {
    out.certificates.push_back(certificate_of(issued));
  }
  Document document{.module_id = stage.module_id,
                    .digest = stage.digest,
                    .timestamp_ms = stage.timestamp_ms,
                    .certificate = out.certificates.back()};
  for (const auto& [index, value] : stage.pcrs) {
    document.pcrs.push_back({index, value});
  }
  document.cabundle.assign(out.certificates.begin(), out.certificates.end() - 1);
  if (stage.public_key) document.public_key = *stage.public_key;
  if (stage.user_data) document.user_data = *stage.user_data;
  if (stage.nonce) document.nonce = *stage.nonce;
  out.payload = sure(write_payload(document));
  out.evidence = sign_payload(stage, out.payload);
  return out;
}

attest::Appraisal judge(const Stage& stage, Bytes evidence) {
  attest::Findings findings;
  const attest::Collateral none;
  const auto done = Nitro{}.verify(
      {.evidence = evidence, .collateral = none, .anchors = stage.anchors, .now = stage.now},
      findings);
  if (!done) std::abort();
  return attest::appraise(std::move(findings), stage.policy, stage.expected, stage.now);
}

attest::Appraisal judge(const Stage& stage) { return judge(stage, make(stage).evidence); }

}  // namespace ward::nitro::made
