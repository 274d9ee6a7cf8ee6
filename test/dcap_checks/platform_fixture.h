#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codec/pem.h"
#include "tee/all.h"
#include "tee/soft/dcap_stage.h"
#include "tee/soft/tcb_documents.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/replay.h"
#include "verifier/verifier.h"

// For tests: a good platform (tee/soft/dcap_stage.h), what is expected of it, and changes to it.
namespace ward::soft::fixture {

using attest::Appraisal;
using crypto::PrivateKey;
using crypto::SignatureAlgorithm;
namespace field = dcap::report_body;

inline constexpr UnixTime kFrom{1'790'000'000};
inline constexpr UnixTime kNow{1'790'000'000 + 86400};
inline constexpr UnixTime kLater{1'790'000'000 + 2 * 86400};

inline DcapKeys make_keys(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *generate_keys(rng);
}

using Face = DcapFace;

inline constexpr Face kFaces[] = {
    {"sgx_3", {3, dcap::BodyType::kSgxReport}},
    {"sgx_4", {4, dcap::BodyType::kSgxReport}},
    {"sgx_5", {5, dcap::BodyType::kSgxReport}},
    {"tdx_4", {4, dcap::BodyType::kTdReport10}},
    {"tdx_5_report_10", {5, dcap::BodyType::kTdReport10}},
    {"tdx_5_report_15", {5, dcap::BodyType::kTdReport15}},
    {"tdx_5_report_15_ex", {5, dcap::BodyType::kTdReport15Ex}},
};
inline constexpr Face kSgx = kFaces[0];
inline constexpr Face kTdx10 = kFaces[3];
inline constexpr Face kTdx15 = kFaces[5];

// Everything that one appraisal is made of. A case changes it before it is signed (Stage) or after
// (Made).
struct Stage : DcapStage {
  DcapKeys other;  // a stranger's
  attest::Policy policy;
  attest::Expectations expected;
  bool root_of_hardware = false;  // what the relying party takes the root for
};

using Made = DcapMade;

// Case changes one fact, before or after signing. The id is without the TEE's name.
struct Case {
  std::string id;
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Made&, Stage&)> after = [](Made&, Stage&) {};
  std::function<bool(const Face&)> of = [](const Face&) {
    return true;
  };  // which faces have the fact
};

inline PrivateKey attestation_key() {
  crypto::SeededRng rng(as_bytes("attestation"));
  return *PrivateKey::generate(crypto::KeyType::kP256, rng);
}

inline Stage good_stage(const Face& face = kSgx) {
  crypto::SeededRng rng(as_bytes("world"));
  Stage s{*soft::good_stage(face, make_keys("one"), attestation_key(), kFrom, 30, rng),
          make_keys("two"),
          {},
          {}};
  s.policy.allow_development = true;
  s.expected = s.expectations();
  return s;
}

inline void sign_body(dcap::QuoteParts& p) {
  p.signature =
      *attestation_key().sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, dcap::write_signed_part(p));
}

inline void sign_qe_report(dcap::QuoteParts& p, const Stage& s) {
  p.qe_signature = *s.keys.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, p.qe_report);
}

inline Made make(const Stage& s) { return *sign_stage(s); }

inline Appraisal judge(const Made& m, const Stage& s) {
  const auto root = crypto::sha256(s.keys.root.public_key().to_spki());
  const verifier::Verifier verifier(
      tee::all_schemes(),
      {{.spki_sha256 = root, .name = "development", .development = !s.root_of_hardware}}, s.policy);
  const Buffer quote = m.quote ? *m.quote : dcap::write_quote(m.parts);
  auto out = verifier.appraise(
      {.evidence = quote, .collateral = m.documents, .now = kNow, .expected = s.expected});
  return *std::move(out);
}

// claim is a claim's value, or "absent".
inline attest::ClaimValue claim(const Appraisal& a, const std::string& name) {
  const auto found = std::ranges::find(a.claims, name, &attest::Claim::name);
  return found == a.claims.end() ? attest::ClaimValue(std::string("absent")) : found->value;
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

inline void set_byte(Buffer& octets, std::size_t at, std::uint8_t value) { octets.at(at) = value; }

inline void set_chain(Made& m, const std::string& pem) {
  m.parts.certification_data = to_buffer(as_bytes(pem));
}

// name_chain leaves a name of the platform where the chain was: what types 1 to 3 and 7 hold.
inline void name_chain(Made& m, std::uint16_t type) {
  m.parts.certification_type = type;
  m.parts.certification_data = Buffer(404, 7);
}

inline void add_chain(Made& m) {
  m.documents.documents.push_back(
      {"pck_chain.pem", to_buffer(as_bytes(m.collateral.pck_chain_pem))});
}

// add_stranger puts another platform's chain among the collateral.
inline void add_stranger(Made& m) {
  const DcapKeys stranger = make_keys("two");
  crypto::SeededRng rng(as_bytes("stranger"));
  const auto world = *default_world(stranger, kFrom, 30, rng);
  m.documents.documents.insert(
      m.documents.documents.begin(),
      {"stranger.pem", to_buffer(as_bytes(sign_world(world, stranger)->pck_chain_pem))});
}

// leaf_of is the platform's PCK certificate alone.
inline std::string leaf_of(const DcapCollateral& c) {
  const auto blocks = *codec::parse_pem(c.pck_chain_pem);
  return codec::to_pem(blocks[0].label, blocks[0].der);
}

inline std::string chain_with_bad_leaf_signature(const DcapCollateral& c) {
  auto blocks = *codec::parse_pem(c.pck_chain_pem);
  blocks[0].der = flip_end(blocks[0].der);
  std::string out;
  for (const auto& b : blocks) {
    out += codec::to_pem(b.label, b.der);
  }
  return out;
}

inline std::string chain_without_sgx_extension(const Stage& s, const DcapCollateral& c) {
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
