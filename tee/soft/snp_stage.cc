#include "tee/soft/snp_stage.h"

namespace ward::soft {

attest::Expectations SnpStage::expectations() const {
  const auto one = [](Bytes value) { return std::vector<Buffer>{to_buffer(value)}; };
  return {.report_data = one(world.report.report_data),
          .measurement = one(world.report.measurement),
          .workload = one(world.report.host_data)};
}

Result<SnpStage> good_stage(const SnpFace& face, const AmdKeys& keys, UnixTime from, unsigned days,
                            crypto::Rng& rng) {
  SnpStage out{.face = face, .keys = &keys};
  WARD_TRY(out.world, default_amd_world(keys, face.form, from, days, rng));
  out.report_key = face.vlek() ? &keys.vlek : &keys.vcek;
  return out;
}

Buffer SnpMade::whole() const {
  if (!evidence.empty()) return evidence;
  return table.empty() ? report : concat({report, snp::write_table(table)});
}

Result<SnpMade> sign_stage(const SnpStage& stage) {
  SnpMade out;
  WARD_TRY(out.collateral, sign_amd_world(stage.world, *stage.keys, stage.signing));
  out.documents = out.collateral.documents(stage.face.form.key);
  WARD_TRY(out.report, sign_report(stage.world.report, *stage.report_key, stage.signing));
  if (!stage.face.extended) return out;
  out.table = out.collateral.table(stage.face.form.key);
  std::erase_if(out.documents.documents, [](const attest::Document& d) {
    return d.name != "crl.der" && d.name != "root_ca.pem";
  });
  return out;
}

}  // namespace ward::soft
