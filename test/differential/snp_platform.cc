#include "test/differential/snp_platform.h"

#include <algorithm>

namespace ward::differential::snp {

using namespace soft::snp_fixture;  // NOLINT(google-build-using-namespace): written in its words
using crypto::PrivateKey;
using crypto::SignatureAlgorithm;
using ward::snp::Line;
using ward::snp::SigningKey;

namespace {

constexpr Face kDrawn[] = {
    {"milan_2_vcek", {Line::kMilan, 2, SigningKey::kVcek}},
    {"milan_2_vlek", {Line::kMilan, 2, SigningKey::kVlek}},
    {"milan_3_vcek", {Line::kMilan, 3, SigningKey::kVcek}},
    {"genoa_3_vlek", {Line::kGenoa, 3, SigningKey::kVlek}},
    {"genoa_4_vcek_extended", {Line::kGenoa, 4, SigningKey::kVcek}, true},
    {"genoa_5_vcek", {Line::kGenoa, 5, SigningKey::kVcek}},
    {"milan_5_vlek_extended", {Line::kMilan, 5, SigningKey::kVlek}, true},
    {"turin_5_vcek", {Line::kTurin, 5, SigningKey::kVcek}},
};

Buffer certificate(const pki::CertificateSpec& spec, const PrivateKey& key) {
  return *pki::build_certificate(
      spec, [&](Bytes tbs) { return key.sign(spec.signature_algorithm, tbs); });
}

// sign_octets puts the signature over the octets as they stand into them.
void sign_octets(Buffer& report, const PrivateKey& key) {
  constexpr std::size_t kHalf = 48;
  namespace f = ward::snp::report;
  const Buffer rs = *key.sign_rs(SignatureAlgorithm::kEcdsaP384Sha384,
                                 Bytes(report).first(ward::snp::kSignedSize));
  std::reverse_copy(rs.begin(), rs.begin() + kHalf, report.begin() + f::SignatureR::kBegin);
  std::reverse_copy(rs.begin() + kHalf, rs.end(), report.begin() + f::SignatureS::kBegin);
}

void sign(Platform& p) {
  sign_octets(p.report, *p.report_signer);
  p.ark = certificate(p.world.ark_cert, *p.ark_signer);
  const auto& stranger = keys_of("one").ark;
  p.ask = certificate(p.world.ask_cert, p.face.vlek() ? stranger : *p.ask_signer);
  p.asvk = certificate(p.world.asvk_cert, p.face.vlek() ? *p.ask_signer : stranger);
  pki::CertificateSpec vek = p.vek_cert();
  vek.extensions.insert(vek.extensions.end(), p.extensions.begin(), p.extensions.end());
  p.vek = certificate(vek, *p.vek_signer);
  p.crl = *pki::build_crl(p.world.crl, [&](Bytes tbs) {
    return p.crl_signer->sign(p.world.crl.signature_algorithm, tbs);
  });
  if (!p.face.extended) return;
  p.table = ward::snp::write_table({{p.face.vlek() ? "VLEK" : "VCEK", p.vek},
                                    {"ASK", p.face.vlek() ? p.asvk : p.ask},
                                    {"ARK", p.ark}});
}

Platform good_platform(const Face& face) {
  const soft::AmdKeys& keys = keys_of("one");
  Stage stage = good_stage(face);
  Platform p{.face = face, .world = std::move(stage.world)};
  p.ark_signer = p.ask_signer = p.crl_signer = &keys.ark;
  p.vek_signer = face.vlek() ? &keys.asvk : &keys.ask;
  p.report_signer = stage.report_key;
  return p;
}

}  // namespace

attest::Collateral Platform::documents() const {
  attest::Collateral out{{{"ark.der", ark}, {"crl.der", crl}}};
  out.documents.push_back({"intermediate.der", face.vlek() ? asvk : ask});
  if (!face.extended) out.documents.push_back({"vek.der", vek});
  return out;
}

std::span<const Face> faces() { return kDrawn; }

Platform make_platform(const Face& face, std::span<const Mutation* const> changes, Dice& d) {
  Platform p = good_platform(face);
  for (const Mutation* m : changes) {
    if (m->facts) m->facts(p, d);
  }
  p.report = ward::snp::write_report(p.world.report);
  p.extensions = ward::snp::write_vek_extensions(p.vek_says());
  for (const Mutation* m : changes) {
    if (m->form) m->form(p, d);
  }
  sign(p);
  for (const Mutation* m : changes) {
    if (m->after) m->after(p, d);
  }
  return p;
}

}  // namespace ward::differential::snp
