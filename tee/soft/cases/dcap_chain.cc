#include "codec/pem.h"
#include "crypto/repeatable.h"
#include "tee/soft/cases/flaws.h"

// What is wrong with certificates and revocation lists.
namespace ward::soft::cases {
namespace {

using crypto::PrivateKey;
using crypto::SignatureAlgorithm;

constexpr auto kSigned = SignatureAlgorithm::kEcdsaP256Sha256;

pki::Signer by(const PrivateKey& key) {
  return [&key](Bytes tbs) { return crypto::sign_repeatably(key, kSigned, tbs); };
}

pki::Extension sgx_extension(const dcap::PckExtensions& pck) {
  return {.oid = to_buffer(dcap::pck_extension_oid()),
          .critical = false,
          .value = dcap::write_pck_extensions(pck)};
}

// put replaces one certificate of the chain that the quote carries: 0 is the PCK certificate.
Result<void> put(DcapMade& made, std::size_t at, const Buffer& der) {
  WARD_TRY(auto blocks, codec::parse_pem(made.collateral.pck_chain_pem));
  blocks.at(at).der = der;
  std::string text;
  for (const auto& block : blocks) {
    text += codec::to_pem(block.label, block.der);
  }
  made.collateral.pck_chain_pem = text;
  made.parts.certification_data = to_buffer(as_bytes(text));
  return {};
}

// A second SGX extension, of a platform with a better TCB and of another family.
Result<void> pck_twice(DcapMade& made, const DcapStage& stage, const Makers& /*makers*/) {
  pki::CertificateSpec spec = stage.world.pck_cert;
  spec.extensions.push_back(sgx_extension(stage.world.pck));
  dcap::PckExtensions better = stage.world.pck;
  better.tcb_components.fill(0xff);
  better.fmspc.fill(0);
  WARD_TRY(const Buffer der, twice(spec, sgx_extension(better), stage.keys.pck_ca));
  return put(made, 0, der);
}

// A second statement of how long a chain may be.
Result<void> ca_twice(DcapMade& made, const DcapStage& stage, const Makers& /*makers*/) {
  WARD_TRY(const Buffer der,
           twice(stage.world.pck_ca_cert, pki::basic_constraints_extension({.ca = true}),
                 stage.keys.root));
  return put(made, 1, der);
}

// Everything is right under a root that has the trusted one's name.
Result<void> second_root(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  const std::string trusted = made.collateral.root_pem;
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  WARD_TRY(made, sign_stage(stranger));
  document(made.documents, "root_ca.pem") = to_buffer(as_bytes(trusted));
  return {};
}

Result<void> pck_forged(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  pki::CertificateSpec spec = stage.world.pck_cert;
  spec.extensions.push_back(sgx_extension(stage.world.pck));
  WARD_TRY(const Buffer der, pki::build_certificate(spec, by(stranger.keys.pck_ca)));
  return put(made, 0, der);
}

Result<void> crl_forged(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  WARD_TRY(document(made.documents, "pck_platform_ca.crl"),
           pki::build_crl(stage.world.pck_crl, by(stranger.keys.pck_ca)));
  return {};
}

std::vector<DcapFlaw> list_flaws() {
  return {
      {.id = "pck-revoked",
       .what = "the platform's PCK certificate is on its CA's revocation list",
       .unseen = kRevokedUnseen,
       .fails = {"pck.revocation"},
       .facts =
           [](DcapStage& s, const Setting& at) {
             s.world.pck_crl.revoked = {{s.world.pck_cert.serial, past(at)}};
           }},
      {.id = "platform-ca-revoked",
       .what = "the CA that issued the PCK certificate is on the root's revocation list",
       .unseen = kRevokedUnseen,
       .fails = {"pck_ca.revocation"},
       .facts =
           [](DcapStage& s, const Setting& at) {
             s.world.root_crl.revoked = {{s.world.pck_ca_cert.serial, past(at)}};
           }},
      {.id = "tcb-signing-revoked",
       .what = "the certificate that signs TCB info and QE identity is on the root's list",
       .unseen = kRevokedUnseen,
       .fails = {"tcb_signing.revocation"},
       .facts =
           [](DcapStage& s, const Setting& at) {
             s.world.root_crl.revoked = {{s.world.tcb_signing_cert.serial, past(at)}};
           }},
      {.id = "pck-crl-from-the-future",
       .what = "the PCK revocation list was issued after the time of appraisal",
       .unseen = kAheadUnseen,
       .fails = {"pck_crl.this_update"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.pck_crl.this_update = soon(at); }},
      {.id = "root-crl-from-the-future",
       .what = "the root's revocation list was issued after the time of appraisal",
       .unseen = kAheadUnseen,
       .fails = {"root_crl.this_update"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.root_crl.this_update = soon(at); }},
      {.id = "pck-crl-expired",
       .what = "the PCK revocation list has expired; what was revoked since is hidden",
       .unseen = kLateUnseen,
       .fails = {"pck_crl.next_update"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.pck_crl.next_update = past(at); }},
      {.id = "root-crl-expired",
       .what = "the root's revocation list has expired; what was revoked since is hidden",
       .unseen = kLateUnseen,
       .fails = {"root_crl.next_update"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.root_crl.next_update = past(at); }},
      {.id = "pck-crl-forged",
       .what = "the PCK revocation list is signed by another key than the platform CA's",
       .unseen = kAttackUnseen,
       .fails = {"pck_crl.signature"},
       .forge = crl_forged},
  };
}

}  // namespace

std::vector<DcapFlaw> dcap_chain_flaws() {
  std::vector<DcapFlaw> out = list_flaws();
  const std::vector<DcapFlaw> more = {
      {.id = "pck-expired",
       .what = "the PCK certificate has expired",
       .unseen = kLateUnseen,
       .fails = {"pck_chain.not_after"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.pck_cert.not_after = past(at); }},
      {.id = "pck-duplicate-extension",
       .what = "the PCK certificate has two SGX extensions, the second of a better platform",
       .unseen = kMakerUnseen,
       .fails = {"pck_chain.form"},
       .forge = pck_twice},
      {.id = "ca-duplicate-extension",
       .what = "the platform CA's certificate has two basic constraints",
       .unseen = kMakerUnseen,
       .fails = {"pck_chain.form"},
       .forge = ca_twice},
      {.id = "second-root-of-the-same-name",
       .what = "quote and documents are right under another root that has the trusted one's name",
       .unseen = kAttackUnseen,
       .fails = {"pck_chain.root"},
       .forge = second_root},
      {.id = "pck-forged",
       .what = "the PCK certificate is signed by another key than the platform CA's",
       .unseen = kAttackUnseen,
       .fails = {"pck_chain.signature"},
       .forge = pck_forged},
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace ward::soft::cases
