#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "codec/pem.h"
#include "tee/all.h"
#include "tee/soft/quoting_enclave.h"
#include "tee/soft/tcb_documents.h"
#include "tee/soft/world.h"
#include "tee/tcg/event_log.h"
#include "tee/tcg/event_type.h"
#include "tee/tcg/replay.h"
#include "tee/tdx/td_report.h"
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

inline DcapKeys make_keys(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *generate_keys(rng);
}

// Face is one kind of quote that the development platform makes.
struct Face {
  const char* name;  // for people
  QuoteForm form;

  [[nodiscard]] bool tdx() const { return form.tee() == dcap::TeeType::kTdx; }

  // prefix is what the ids of its checks begin with.
  [[nodiscard]] std::string prefix() const { return tdx() ? "tdx." : "sgx."; }
};

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
struct Stage {
  Face face;
  DcapKeys keys = make_keys("one");
  DcapKeys other = make_keys("two");
  DcapWorld world;
  dcap::QeIdentity quoting_enclave;  // what the quoting enclave really is
  EnclaveIdentity enclave;           // of an SGX face
  tdx::TdReportParts td;             // of a TDX face
  attest::Policy policy;
  attest::Expectations expected;
  bool root_of_hardware = false;  // what the relying party takes the root for

  [[nodiscard]] Buffer body() const {
    return face.tdx() ? tdx::write_td_report(td, face.form.body)
                      : report_body(enclave, world.pck.cpu_svn, kReportData);
  }
};

// Made is what a stage came to, signed.
struct Made {
  DcapCollateral collateral;
  attest::Collateral documents;
  dcap::QuoteParts parts;
  std::optional<Buffer> quote;  // where set, used instead of the parts

  // whole is the quote as octets, to change one.
  Buffer& whole() {
    if (!quote) quote = dcap::write_quote(parts);
    return *quote;
  }
};

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

// good_log_parts is what the good TD's firmware, boot loader, kernel and guest measured, one
// register after the other (UEFI 2.10, 38.4.1: index n + 1 is RTMR n).
inline tcg::LogParts good_log_parts() {
  constexpr std::array kBank = {tcg::Algorithm::kSha384};
  const Buffer separator(4, 0);
  const Bytes line = as_bytes("ro quiet");
  // UEFI_VARIABLE_DATA of SecureBoot, set.
  const Buffer secure_boot = *from_hex(
      "61dfe48bca93d211aa0d00e098032b8c0a000000000000000100000000000000"
      "53006500630075007200650042006f006f00740001");
  tcg::LogParts out;
  out.spec.register_index = 1;
  out.spec.algorithms = {{static_cast<std::uint16_t>(kBank[0]), 48}};
  out.events = {
      tcg::measured(1, tcg::event_type::kEfiVariableDriverConfig, secure_boot, secure_boot, kBank),
      tcg::measured(1, tcg::event_type::kSeparator, separator, separator, kBank),
      tcg::measured(2, tcg::event_type::kEfiAction, as_bytes("Calling EFI Application"),
                    as_bytes("Calling EFI Application"), kBank),
      tcg::measured(3, tcg::event_type::kIpl, line,
                    concat({as_bytes("kernel_cmdline: "), line, Buffer(1, 0)}), kBank),
      tcg::measured(4, tcg::event_type::kEventTag, as_bytes("at run time"), as_bytes("tag"), kBank),
  };
  return out;
}

// good_td is a TD whose measurements all differ, without a service TD: most peers refuse one.
inline tdx::TdReportParts good_td() {
  tdx::TdReportParts td;
  td.tee_tcb_svn = default_td_svn();
  td.tee_tcb_svn2 = td.tee_tcb_svn;
  td.td_attributes = std::uint64_t{1} << tdx::td_attributes::kSeptVeDisable;
  td.xfam = 0xe7;
  std::uint8_t fill = 0xa0;
  for (auto* field : {&td.mr_seam, &td.mr_td, &td.mr_config_id, &td.mr_owner, &td.mr_owner_config})
    field->fill(fill++);
  const Buffer log = tcg::write_event_log(good_log_parts());
  const auto replayed =
      *tcg::replay(*tcg::parse_event_log(log), tcg::Registers::kRtmr, tcg::Algorithm::kSha384);
  for (const tcg::Replayed& r : replayed.registers)
    std::ranges::copy(r.value, td.rt_mr.at(r.number).begin());
  td.report_data = kReportData;
  return td;
}

inline Stage good_stage(const Face& face = kSgx) {
  Stage s;
  s.face = face;
  crypto::SeededRng rng(as_bytes("world"));
  s.world = *default_world(s.keys, kFrom, 30, rng, face.form.tee());
  s.quoting_enclave = s.world.qe_identity;
  s.enclave.mr_enclave.fill(0xaa);
  s.enclave.config_id.fill(0xbb);
  s.td = good_td();
  s.policy.allow_development = true;
  const Bytes measured = face.tdx() ? Bytes(s.td.mr_td) : Bytes(s.enclave.mr_enclave);
  const Bytes workload = face.tdx() ? Bytes(s.td.mr_config_id) : Bytes(s.enclave.config_id);
  s.expected = {.report_data = std::vector<Buffer>{to_buffer(kReportData)},
                .measurement = std::vector<Buffer>{to_buffer(measured)},
                .workload = std::vector<Buffer>{to_buffer(workload)}};
  return s;
}

inline void sign_body(dcap::QuoteParts& p) {
  p.signature =
      *attestation_key().sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, dcap::write_signed_part(p));
}

inline void sign_qe_report(dcap::QuoteParts& p, const Stage& s) {
  p.qe_signature = *s.keys.pck.sign_rs(SignatureAlgorithm::kEcdsaP256Sha256, p.qe_report);
}

inline Made make(Stage& s) {
  Made m;
  m.collateral = *sign_world(s.world, s.keys);
  m.documents = m.collateral.documents();
  if (s.face.tdx())
    m.documents.documents.push_back({"ccel.bin", tcg::write_event_log(good_log_parts())});
  const auto qe = QuotingEnclave::create(attestation_key(), s.keys.pck, s.quoting_enclave,
                                         s.world.pck, m.collateral.pck_chain_pem);
  const Buffer quote = *qe->quote(s.body(), s.face.form);
  m.parts = dcap::parts_of(*dcap::parse_quote(quote, s.face.form.tee()));
  return m;
}

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
  for (const auto& b : blocks)
    out += codec::to_pem(b.label, b.der);
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
