#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codec/pem.h"
#include "tee/sgx/scheme.h"
#include "tee/soft/world.h"
#include "verifier/verifier.h"

// For tests: a good platform, with its facts before they are signed and its documents after, so
// that a test can change one.
namespace ward::soft::fixture {

using attest::Appraisal;
using crypto::PrivateKey;
using crypto::SignatureAlgorithm;
namespace field = dcap::report_body;

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr UnixTime kLater{1'790'000'000 + 2 * 86400};
inline constexpr std::array<std::uint8_t, 64> kReportData = {1, 2, 3};

inline SgxKeys make_keys(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *generate_keys(rng);
}

// Everything that one appraisal is made of. A case changes it before it is signed (Stage) or after
// (Made).
struct Stage {
  SgxKeys keys = make_keys("one");
  SgxKeys other = make_keys("two");
  SgxWorld world;
  dcap::QeIdentity quoting_enclave;  // what the quoting enclave really is
  EnclaveIdentity enclave;
  attest::Policy policy;
  attest::Expectations expected;
};

// Made is what a stage came to, signed.
struct Made {
  SgxCollateral collateral;
  attest::Collateral documents;
  sgx::QuoteParts parts;
  std::optional<Buffer> quote;  // where set, used instead of the parts
};

// Case changes one fact, before or after signing.
struct Case {
  const char* id;
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Made&, Stage&)> after = [](Made&, Stage&) {};
};

inline PrivateKey attestation_key() {
  crypto::SeededRng rng(as_bytes("attestation"));
  return *PrivateKey::generate(crypto::KeyType::kP256, rng);
}

inline Stage good_stage() {
  Stage s;
  crypto::SeededRng rng(as_bytes("world"));
  s.world = *default_world(s.keys, kFrom, 30, rng);
  s.quoting_enclave = s.world.qe_identity;
  s.enclave.mr_enclave.fill(0xaa);
  s.enclave.config_id.fill(0xbb);
  s.policy.allow_development = true;
  const Buffer body = report_body(s.enclave, s.world.pck.cpu_svn, kReportData);
  s.expected = {.report_data = std::vector<Buffer>{to_buffer(kReportData)},
                .measurement = std::vector<Buffer>{to_buffer(s.enclave.mr_enclave)},
                .workload = std::vector<Buffer>{to_buffer(s.enclave.config_id)}};
  return s;
}

inline sgx::QuoteParts parts_of(Bytes quote) {
  const auto q = sgx::parse_quote(quote);
  sgx::QuoteParts p;
  p.qe_svn = 8;
  p.pce_svn = 13;
  p.body = to_buffer(q->body);
  p.signature = to_buffer(q->signature);
  p.attestation_key = to_buffer(q->attestation_key);
  p.qe_report = to_buffer(q->qe.report);
  p.qe_signature = to_buffer(q->qe.signature);
  p.auth_data = to_buffer(q->qe.auth_data);
  p.certification_data = to_buffer(q->qe.certification_data);
  return p;
}

inline void sign_body(sgx::QuoteParts& p) {
  p.signature =
      *attestation_key().sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, sgx::write_signed_part(p));
}

inline void sign_qe_report(sgx::QuoteParts& p, const Stage& s) {
  p.qe_signature = *s.keys.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, p.qe_report);
}

inline Made make(Stage& s) {
  Made m;
  m.collateral = *sign_world(s.world, s.keys);
  m.documents = m.collateral.documents();
  const auto qe = QuotingEnclave::create(attestation_key(), s.keys.pck, s.quoting_enclave,
                                         s.world.pck, m.collateral.pck_chain_pem);
  const Buffer quote = *qe->quote(report_body(s.enclave, s.world.pck.cpu_svn, kReportData));
  m.parts = parts_of(quote);
  sign_body(m.parts);
  return m;
}

inline Appraisal judge(const Made& m, const Stage& s) {
  const sgx::Sgx scheme;
  const attest::Scheme* schemes[] = {&scheme};
  const auto root = crypto::sha256(s.keys.root.public_key().to_spki());
  const verifier::Verifier verifier(
      schemes, {{.spki_sha256 = root, .name = "development", .development = true}}, s.policy);
  const Buffer quote = m.quote ? *m.quote : sgx::write_quote(m.parts);
  auto out = verifier.appraise(
      {.evidence = quote, .collateral = m.documents, .now = kNow, .expected = s.expected});
  return *std::move(out);
}

inline Buffer& document(Made& m, const char* name) {
  for (auto& d : m.documents.documents) {
    if (d.name == name) return d.bytes;
  }
  return m.documents.documents[0].bytes;
}

inline void drop(Made& m, const char* name) {
  std::erase_if(m.documents.documents, [&](const auto& d) { return d.name == name; });
}

inline void replace(Buffer& text, std::string_view from, std::string_view to) {
  std::string t(as_text(text));
  const auto at = t.find(from);
  if (at == std::string::npos) std::abort();
  t.replace(at, from.size(), to);
  text = to_buffer(as_bytes(t));
}

// Flips the last octet of a DER object: inside the signature value.
inline Buffer flip_end(Bytes der) {
  Buffer out = to_buffer(der);
  out.back() ^= 1U;
  return out;
}

inline void set_chain(Made& m, const std::string& pem) {
  m.parts.certification_data = to_buffer(as_bytes(pem));
}

inline std::string chain_with_bad_leaf_signature(const SgxCollateral& c) {
  auto blocks = *codec::parse_pem(c.pck_chain_pem);
  blocks[0].der = flip_end(blocks[0].der);
  std::string out;
  for (const auto& b : blocks)
    out += codec::to_pem(b.label, b.der);
  return out;
}

inline std::string chain_without_sgx_extension(const Stage& s, const SgxCollateral& c) {
  const Buffer leaf = *pki::build_certificate(s.world.pck_cert, [&](Bytes tbs) {
    return s.keys.pck_ca.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs);
  });
  const auto blocks = *codec::parse_pem(c.pck_chain_pem);
  return codec::to_pem("CERTIFICATE", leaf) + codec::to_pem("CERTIFICATE", blocks[1].der) +
         c.root_pem;
}

inline pki::Extension unknown_critical() {
  return {.oid = {0x2a, 0x03, 0x04}, .critical = true, .value = {0x05, 0x00}};
}

inline void set_ca(pki::CertificateSpec& spec) {
  spec.extensions.back() = pki::basic_constraints_extension({.ca = true, .path_len = 0});
}

inline Buffer crl_by(const pki::CrlSpec& spec, const PrivateKey& key) {
  return *pki::build_crl(
      spec, [&](Bytes tbs) { return key.sign(SignatureAlgorithm::kEcdsaP256Sha256, tbs); });
}

inline pki::Name other_name() {
  const pki::NamePart parts[] = {{"C", "XX"}, {"CN", "a stranger - SGX Root CA"}};
  return *pki::make_name(parts);
}

inline void change_qe_report(Made& m, Stage& s, std::size_t at, std::uint8_t value) {
  m.parts.qe_report[at] = value;
  sign_qe_report(m.parts, s);
}

}  // namespace ward::soft::fixture
