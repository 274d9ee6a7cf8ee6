#include "tee/tpm/made/stage.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "codec/der.h"
#include "codec/pem.h"
#include "crypto/repeatable.h"
#include "tee/tcg/event_type.h"
#include "tee/tpm/made/log.h"
#include "tee/x509/development.h"

namespace ward::tpm::stage {
namespace {

using crypto::KeyType;
using crypto::PrivateKey;
using crypto::SignatureAlgorithm;

constexpr auto kSigned = SignatureAlgorithm::kEcdsaP384Sha384;
constexpr std::uint32_t kIntermediatePathLength = 0;

Keys make_keys(const std::string& seed) {
  crypto::SeededRng rng(as_bytes("ward tpm stage " + seed));
  auto root = *PrivateKey::generate(KeyType::kP384, rng);
  auto intermediate = *PrivateKey::generate(KeyType::kP384, rng);
  auto p256 = *PrivateKey::generate(KeyType::kP256, rng);
  auto p384 = *PrivateKey::generate(KeyType::kP384, rng);
  auto rsa = *crypto::generate_rsa_from(rng, 2048);
  return {std::move(root), std::move(intermediate), std::move(rsa), std::move(p256),
          std::move(p384)};
}

pki::Name name(const std::string& common) {
  const pki::NamePart parts[] = {
      {"O", "ward tests"}, {"CN", common}, {"serialNumber", x509::kDevelopmentMark}};
  return *pki::make_name(parts);
}

// extKeyUsage of an AK, and a subject alternative name with maker, model and version of the TPM.
pki::Extension extended_key_usage() {
  codec::DerWriter oid;
  oid.oid(*codec::der_oid("2.23.133.8.3"));
  codec::DerWriter list;
  list.element(codec::der_tag::kSequence, oid.view());
  return {.oid = *codec::der_oid("2.5.29.37"), .critical = false, .value = list.take()};
}

pki::Extension tpm_name() {
  codec::DerWriter names;
  const std::pair<const char*, const char*> kParts[] = {
      {"2.23.133.2.1", "id:57415244"}, {"2.23.133.2.2", "stage"}, {"2.23.133.2.3", "id:00010002"}};
  for (const auto& [oid, value] : kParts) {
    codec::DerWriter one;
    one.oid(*codec::der_oid(oid));
    one.element(codec::der_tag::kUtf8String, as_bytes(value));
    codec::DerWriter attribute;
    attribute.element(codec::der_tag::kSequence, one.view());
    names.element(codec::der_tag::kSet, attribute.view());
  }
  codec::DerWriter directory;
  directory.element(codec::der_tag::kSequence, names.view());
  codec::DerWriter general;
  general.element(codec::der_tag::context_constructed(4), directory.view());
  codec::DerWriter all;
  all.element(codec::der_tag::kSequence, general.view());
  return {.oid = *codec::der_oid("2.5.29.17"), .critical = true, .value = all.take()};
}

pki::CertificateSpec certificate(const pki::Name& issuer, const pki::Name& subject,
                                 const crypto::PublicKey& key, std::uint8_t serial) {
  pki::CertificateSpec out;
  out.serial = {serial};
  out.signature_algorithm = kSigned;
  out.issuer = issuer;
  out.subject = subject;
  out.not_before = kFrom;
  out.not_after = kTo;
  out.spki = key.to_spki();
  return out;
}

void make_ca(pki::CertificateSpec& spec, std::uint32_t path_len) {
  spec.extensions.push_back(
      pki::key_usage_extension(pki::key_usage::kKeyCertSign | pki::key_usage::kCrlSign));
  spec.extensions.push_back(pki::basic_constraints_extension({.ca = true, .path_len = path_len}));
}

pki::CrlSpec crl(const pki::Name& issuer) {
  pki::CrlSpec out;
  out.signature_algorithm = kSigned;
  out.issuer = issuer;
  out.this_update = kFrom;
  out.next_update = kTo;
  out.extensions = {pki::crl_number_extension(1)};
  return out;
}

void add_certificates(Stage& s) {
  const pki::Name root = name("Stage TPM root");
  const pki::Name middle = name("Stage TPM intermediate");
  const crypto::PublicKey& ak = s.keys->ak(s.face).public_key();
  s.root = certificate(root, root, s.ca->root.public_key(), 1);
  make_ca(s.root, 1);
  s.intermediate = certificate(root, middle, s.ca->intermediate.public_key(), 2);
  make_ca(s.intermediate, kIntermediatePathLength);
  s.ak_certificate = certificate(middle, name("Stage AK"), ak, 3);
  s.ak_certificate.extensions = {
      pki::key_usage_extension(pki::key_usage::kDigitalSignature),
      pki::crl_distribution_point_extension("http://stage.ward.example/ak.crl"),
      extended_key_usage(), tpm_name()};
  s.root_crl = crl(root);
  s.intermediate_crl = crl(middle);
}

Buffer sign_der(const PrivateKey& key, const pki::CertificateSpec& spec) {
  return *pki::build_certificate(
      spec, [&](Bytes tbs) { return crypto::sign_repeatably(key, spec.signature_algorithm, tbs); });
}

Buffer sign_crl(const PrivateKey& key, const pki::CrlSpec& spec) {
  return *pki::build_crl(
      spec, [&](Bytes tbs) { return crypto::sign_repeatably(key, spec.signature_algorithm, tbs); });
}

Buffer pem(const char* label, Bytes der) { return to_buffer(as_bytes(codec::to_pem(label, der))); }

void add_chain(const Stage& s, Made& out) {
  auto& documents = out.documents.documents;
  documents.push_back({"root_ca.pem", pem("CERTIFICATE", sign_der(s.ca->root, s.root))});
  documents.push_back({"intermediate.der", sign_der(s.ca->root, s.intermediate)});
  documents.push_back({"ak.der", sign_der(s.ca->intermediate, s.ak_certificate)});
  documents.push_back({"root.crl", sign_crl(s.ca->root, s.root_crl)});
  documents.push_back({"ak.crl", sign_crl(s.ca->intermediate, s.intermediate_crl)});
}

SignatureAlgorithm algorithm_of(const Face& face) {
  if (face.scheme == alg::kRsassa) return SignatureAlgorithm::kRsaPkcs1Sha256;
  if (face.scheme == alg::kRsapss) return SignatureAlgorithm::kRsaPssSha256;
  return face.hash == alg::kSha384 ? SignatureAlgorithm::kEcdsaP384Sha384
                                   : SignatureAlgorithm::kEcdsaP256Sha256;
}

Quote quote_of(const Face& face) {
  Quote q;
  q.extra_data = to_buffer(crypto::sha384(as_bytes(std::string("nonce of ") + face.name)));
  q.clock = 81'234'567;
  q.reset_count = 7;
  q.restart_count = 2;
  q.firmware_version = 0x0001'0002'0003'0004;
  q.pcr_select = {selection_of(face.hash, {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11,
                                           12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23})};
  return q;
}

// A primary key of the owner hierarchy.
Buffer qualified_signer(const Public& ak) {
  const std::array<std::uint8_t, 4> owner = {0x40, 0x00, 0x00, 0x01};
  const Buffer name = ak.name();
  const Buffer digest = digest_by(ak.name_alg, concat({owner, name}));
  return concat({Bytes(name).first(2), digest});
}

}  // namespace

const PrivateKey& Keys::ak(const Face& face) const {
  if (face.scheme != alg::kEcdsa) return ak_rsa;
  return face.hash == alg::kSha384 ? ak_p384 : ak_p256;
}

const Keys& keys_of(const std::string& seed) {
  static const Keys kOne = make_keys("one");
  static const Keys kTwo = make_keys("two");
  return seed == "one" ? kOne : kTwo;
}

ImaEntry ima_entry(const std::string& path, Bytes content, Bytes signature) {
  ImaEntry out;
  out.template_name = signature.empty() ? "ima-ng" : "ima-sig";
  out.fields.push_back(concat({as_bytes("sha256:"), Buffer{0}, crypto::sha256(content)}));
  out.fields.push_back(concat({as_bytes(path), Buffer{0}}));
  if (!signature.empty()) out.fields.push_back(to_buffer(signature));
  out.template_digest = digest_by(alg::kSha1, out.data());
  return out;
}

Buffer replayed(const Stage& stage, std::uint32_t pcr, std::size_t ima_entries) {
  const std::uint16_t hash = stage.face.hash;
  // PCRs 17 to 22 begin with ones (PC Client Platform TPM Profile, 4.6.2).
  Buffer value(digest_size_of(hash), pcr >= 17 && pcr <= 22 ? 0xff : 0);
  for (const tcg::EventParts& event : stage.log.events) {
    if (event.register_index != pcr || event.type == tcg::event_type::kNoAction) continue;
    for (const tcg::DigestParts& digest : event.digests) {
      if (digest.algorithm == hash) value = digest_by(hash, concat({value, digest.value}));
    }
  }
  for (std::size_t i = 0; i < ima_entries; ++i) {
    const ImaEntry& e = stage.ima.at(i);
    if (e.pcr != pcr) continue;
    const Buffer digest =
        e.is_violation() ? Buffer(digest_size_of(hash), 0xff) : digest_by(hash, e.data());
    value = digest_by(hash, concat({value, digest}));
  }
  return value;
}

void set_pcrs(Stage& stage, std::vector<Buffer> values) {
  stage.pcrs = std::move(values);
  Buffer all;
  for (const Buffer& value : stage.pcrs)
    all.insert(all.end(), value.begin(), value.end());
  stage.quote.pcr_digest = digest_by(stage.face.hash, all);
}

void certify_by(Stage& stage, const Keys& ca) {
  stage.ca = &ca;
  add_certificates(stage);
}

void quote_logs(Stage& stage) {
  std::vector<Buffer> values;
  for (std::uint32_t pcr = 0; pcr < 24; ++pcr)
    values.push_back(replayed(stage, pcr, stage.ima.size() - 1));
  set_pcrs(stage, std::move(values));
}

Stage good_stage(const Face& face) {
  Stage s{.face = face, .keys = &keys_of("one"), .ca = &keys_of("one")};
  const std::uint32_t attributes = attribute::kFixedTpm | attribute::kFixedParent |
                                   attribute::kSensitiveDataOrigin | attribute::kUserWithAuth |
                                   attribute::kRestricted | attribute::kSign;
  s.ak = public_of(s.keys->ak(face).public_key(), attributes, face.scheme, face.hash);
  s.quote = quote_of(face);
  s.quote.qualified_signer = qualified_signer(s.ak);
  s.log = boot_log();
  s.ima = {ima_entry("boot_aggregate", as_bytes("aggregate")),
           ima_entry("/usr/bin/true", as_bytes("true"), as_bytes("a signature")),
           ima_entry("/usr/bin/open-while-written", as_bytes("w")),
           ima_entry("/usr/bin/after-the-quote", as_bytes("later"))};
  s.ima[2].template_digest = Buffer(20);  // a violation
  quote_logs(s);
  add_certificates(s);
  return s;
}

Buffer sign(const Stage& stage, Bytes attest) {
  const PrivateKey& key = stage.keys->ak(stage.face);
  Signature out{.scheme = stage.face.scheme, .hash = stage.face.hash};
  if (stage.face.scheme == alg::kEcdsa) {
    const Buffer rs = *crypto::sign_repeatably_rs(key, algorithm_of(stage.face), attest);
    out.r = to_buffer(Bytes(rs).first(rs.size() / 2));
    out.s = to_buffer(Bytes(rs).last(rs.size() / 2));
  } else {
    out.rsa = *crypto::sign_repeatably(key, algorithm_of(stage.face), attest);
  }
  return write_signature(out);
}

Made make(const Stage& stage, Bytes attest) {
  Made out;
  out.evidence.form = stage.face.form;
  out.evidence.attest = attest.empty() ? write_quote(stage.quote) : to_buffer(attest);
  out.evidence.signature = sign(stage, out.evidence.attest);
  const Buffer spki = stage.keys->ak(stage.face).public_key().to_spki();
  out.evidence.ak = stage.face.form == Form::kOwn ? write_public(stage.ak) : spki;
  out.evidence.pcrs = stage.pcrs;
  if (stage.face.trust == Trust::kChain) {
    add_chain(stage, out);
  } else {
    out.documents.documents.push_back({"root_ca.pem", pem("PUBLIC KEY", spki)});
  }
  if (stage.face.logs) {
    out.documents.documents.push_back(
        {"binary_bios_measurements", tcg::write_event_log(stage.log)});
    out.documents.documents.push_back(
        {"ascii_runtime_measurements", to_buffer(as_bytes(write_ima_ascii(stage.ima)))});
  }
  return out;
}

attest::Anchor anchor_of(const Stage& stage) {
  const bool chain = stage.face.trust == Trust::kChain;
  const Keys& one = keys_of("one");
  const crypto::PublicKey& key = chain ? one.root.public_key() : one.ak(stage.face).public_key();
  return {.spki_sha256 = crypto::sha256(key.to_spki()),
          .name = "development",
          .development = true,
          .bare_key = !chain};
}

attest::Expectations expectations_of(const Stage& stage) {
  return {std::vector<Buffer>{stage.quote.extra_data}, std::vector<Buffer>{stage.quote.pcr_digest},
          std::vector<Buffer>{stage.pcrs.at(8)}};
}

Buffer& document(Made& made, const std::string& name) {
  const auto found = std::ranges::find(made.documents.documents, name, &attest::Document::name);
  if (found == made.documents.documents.end()) std::abort();
  return found->bytes;
}

void drop(Made& made, const std::string& name) {
  std::erase_if(made.documents.documents,
                [&](const attest::Document& d) { return d.name == name; });
}

}  // namespace ward::tpm::stage
