#include "crypto/repeatable.h"
#include "tee/soft/cases/flaws.h"

// What is wrong with AMD-shaped certificates and their revocation list.
namespace ward::soft::cases {
namespace {

bool vcek(const SnpFace& face) { return !face.vlek(); }

bool vlek(const SnpFace& face) { return face.vlek(); }

// What of a stage signs the report and what issued it, whichever kind it is.
pki::CertificateSpec& vek_cert(SnpStage& s) {
  return s.face.vlek() ? s.world.vlek_cert : s.world.vcek_cert;
}

pki::CertificateSpec& ca_cert(SnpStage& s) {
  return s.face.vlek() ? s.world.asvk_cert : s.world.ask_cert;
}

// Where the two certificates of a stage stand: among the collateral, or behind the report.
Buffer& vek_in(SnpMade& made, const SnpFace& face) {
  if (face.extended) return made.table.at(0).data;
  return document(made.documents, face.vlek() ? "vlek.der" : "vcek.der");
}

Buffer& ca_in(SnpMade& made, const SnpFace& face) {
  if (face.extended) return made.table.at(1).data;
  return document(made.documents, face.vlek() ? "asvk.der" : "ask.der");
}

const crypto::PrivateKey& ca_key(const SnpStage& s) {
  return s.face.vlek() ? s.keys->asvk : s.keys->ask;
}

pki::Signer by(const crypto::PrivateKey& key) {
  return [&key](Bytes tbs) {
    return crypto::sign_repeatably(key, crypto::SignatureAlgorithm::kRsaPssSha384, tbs);
  };
}

// whole_vek is the certificate as it is signed: with AMD's extensions.
pki::CertificateSpec whole_vek(const SnpStage& s) {
  pki::CertificateSpec out = s.face.vlek() ? s.world.vlek_cert : s.world.vcek_cert;
  const auto more = snp::write_vek_extensions(s.face.vlek() ? s.world.vlek : s.world.vcek);
  out.extensions.insert(out.extensions.end(), more.begin(), more.end());
  return out;
}

const pki::CertificateSpec& ca_of(const SnpStage& s) {
  return s.face.vlek() ? s.world.asvk_cert : s.world.ask_cert;
}

// A second hwID, of another chip; of a VLEK, a second provider: the last extension again.
Result<void> vek_twice(SnpMade& made, const SnpStage& stage, const AmdMakers& /*makers*/) {
  const pki::CertificateSpec spec = whole_vek(stage);
  pki::Extension second = spec.extensions.back();
  second.value.back() ^= 1U;
  WARD_TRY(vek_in(made, stage.face), twice(spec, std::move(second), ca_key(stage)));
  return {};
}

Result<void> ca_twice(SnpMade& made, const SnpStage& stage, const AmdMakers& /*makers*/) {
  WARD_TRY(ca_in(made, stage.face),
           twice(ca_of(stage), pki::basic_constraints_extension({.ca = true}), stage.keys->ark));
  return {};
}

// The intermediate and the list are right under a root that has the trusted one's name.
Result<void> second_root(SnpMade& made, const SnpStage& stage, const AmdMakers& makers) {
  pki::CertificateSpec root = stage.world.ark_cert;
  root.spki = makers.stranger.public_key().to_spki();
  WARD_TRY(Buffer der, pki::build_certificate(root, by(makers.stranger)));
  made.documents.documents.push_back({"ark.der", std::move(der)});
  WARD_TRY(ca_in(made, stage.face), pki::build_certificate(ca_of(stage), by(makers.stranger)));
  WARD_TRY(document(made.documents, "crl.der"),
           pki::build_crl(stage.world.crl, by(makers.stranger)));
  return {};
}

Result<void> vek_forged(SnpMade& made, const SnpStage& stage, const AmdMakers& makers) {
  WARD_TRY(vek_in(made, stage.face), pki::build_certificate(whole_vek(stage), by(makers.stranger)));
  return {};
}

Result<void> crl_forged(SnpMade& made, const SnpStage& stage, const AmdMakers& makers) {
  WARD_TRY(document(made.documents, "crl.der"),
           pki::build_crl(stage.world.crl, by(makers.stranger)));
  return {};
}

void revoke(SnpStage& s, const pki::CertificateSpec& spec, const Setting& at) {
  s.world.crl.revoked = {{spec.serial, past(at)}};
}

// A VCEK under the VLEKs' intermediate, or the other way round.
void swap_ca(SnpStage& s) {
  ca_cert(s).subject = (s.face.vlek() ? s.world.ask_cert : s.world.asvk_cert).subject;
  vek_cert(s).issuer = ca_cert(s).subject;
}

std::vector<SnpFlaw> revocation_flaws() {
  return {
      {.id = "ask-revoked",
       .what = "the ASK, which issued the VCEK's certificate, is on the ARK's revocation list",
       .unseen = kRevokedUnseen,
       .fails = {"ask.revocation"},
       .facts = [](SnpStage& s, const Setting& at) { revoke(s, s.world.ask_cert, at); },
       .of = vcek},
      {.id = "asvk-revoked",
       .what = "the ASVK, which issued the VLEK's certificate, is on the ARK's revocation list",
       .unseen = kRevokedUnseen,
       .fails = {"ask.revocation"},
       .facts = [](SnpStage& s, const Setting& at) { revoke(s, s.world.asvk_cert, at); },
       .of = vlek},
      {.id = "vcek-serial-listed",
       .what = "the ARK's list has the VCEK's serial number, which says nothing of it: the ASK "
               "issued it, whose list AMD does not publish",
       .unseen = "AMD's lists name intermediates alone",
       .fails = {},
       .facts = [](SnpStage& s, const Setting& at) { revoke(s, s.world.vcek_cert, at); },
       .of = vcek},
      {.id = "crl-from-the-future",
       .what = "the revocation list was issued after the time of appraisal",
       .unseen = kAheadUnseen,
       .fails = {"crl.this_update"},
       .facts = [](SnpStage& s, const Setting& at) { s.world.crl.this_update = soon(at); }},
      {.id = "crl-expired",
       .what = "the revocation list has expired; what was revoked since is hidden",
       .unseen = kLateUnseen,
       .fails = {"crl.next_update"},
       .facts = [](SnpStage& s, const Setting& at) { s.world.crl.next_update = past(at); }},
      {.id = "crl-forged",
       .what = "the revocation list is signed by another key than the ARK",
       .unseen = kAttackUnseen,
       .fails = {"crl.signature"},
       .forge = crl_forged},
  };
}

}  // namespace

std::vector<SnpFlaw> snp_chain_flaws() {
  std::vector<SnpFlaw> out = revocation_flaws();
  const std::vector<SnpFlaw> more = {
      {.id = "vek-expired",
       .what = "the signing key's certificate has expired",
       .unseen = kLateUnseen,
       .fails = {"vek_chain.not_after"},
       .facts = [](SnpStage& s, const Setting& at) { vek_cert(s).not_after = past(at); }},
      {.id = "vek-duplicate-extension",
       .what = "the signing key's certificate has an extension of AMD's twice: it is none",
       .unseen = kMakerUnseen,
       .fails = {},
       .open = {"vek.present"},
       .forge = vek_twice},
      {.id = "ca-duplicate-extension",
       .what = "the intermediate's certificate has two basic constraints: it is none",
       .unseen = kMakerUnseen,
       .fails = {},
       .open = {"vek_chain.present"},
       .forge = ca_twice},
      {.id = "second-root-of-the-same-name",
       .what = "intermediate and list are right under another root that has the trusted one's name",
       .unseen = kAttackUnseen,
       .fails = {"vek_chain.root"},
       .forge = second_root},
      {.id = "vek-forged",
       .what = "the signing key's certificate is signed by another key than the intermediate's",
       .unseen = kAttackUnseen,
       .fails = {"vek_chain.signature"},
       .forge = vek_forged},
      {.id = "vcek-under-asvk",
       .what = "the VCEK's certificate was issued by the intermediate that issues VLEKs",
       .unseen = kMakerUnseen,
       .fails = {"vek_chain.names"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { swap_ca(s); },
       .of = vcek},
      {.id = "vlek-under-ask",
       .what = "the VLEK's certificate was issued by the intermediate that issues VCEKs",
       .unseen = kMakerUnseen,
       .fails = {"vek_chain.names"},
       .facts = [](SnpStage& s, const Setting& /*at*/) { swap_ca(s); },
       .of = vlek},
  };
  out.insert(out.end(), more.begin(), more.end());
  return out;
}

}  // namespace ward::soft::cases
