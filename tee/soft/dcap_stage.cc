#include "tee/soft/dcap_stage.h"

#include <algorithm>

#include "tee/tcg/event_type.h"
#include "tee/tcg/replay.h"

namespace ward::soft {

Buffer DcapStage::body() const {
  return face.tdx() ? tdx::write_td_report(td, face.form.body)
                    : report_body(enclave, world.pck.cpu_svn, report_data);
}

attest::Expectations DcapStage::expectations() const {
  const auto one = [](Bytes value) { return std::vector<Buffer>{to_buffer(value)}; };
  if (face.tdx()) {
    return {.report_data = one(td.report_data),
            .measurement = one(td.mr_td),
            .workload = one(td.mr_config_id)};
  }
  return {.report_data = one(report_data),
          .measurement = one(enclave.mr_enclave),
          .workload = one(enclave.config_id)};
}

// UEFI 2.10, 38.4.1: index n + 1 is RTMR n.
tcg::LogParts default_log() {
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

Result<void> measure_log(const tcg::LogParts& log, tdx::TdReportParts& td) {
  const Buffer octets = tcg::write_event_log(log);
  WARD_TRY(const auto parsed, tcg::parse_event_log(octets));
  WARD_TRY(const auto replayed,
           tcg::replay(parsed, tcg::Registers::kRtmr, tcg::Algorithm::kSha384));
  for (const tcg::Replayed& r : replayed.registers) {
    std::ranges::copy(r.value, td.rt_mr.at(r.number).begin());
  }
  return {};
}

Result<tdx::TdReportParts> default_td(const tcg::LogParts& log) {
  tdx::TdReportParts td;
  td.tee_tcb_svn = default_td_svn();
  td.tee_tcb_svn2 = td.tee_tcb_svn;
  td.td_attributes = std::uint64_t{1} << tdx::td_attributes::kSeptVeDisable;
  td.xfam = 0xe7;
  std::uint8_t fill = 0xa0;
  for (auto* field :
       {&td.mr_seam, &td.mr_td, &td.mr_config_id, &td.mr_owner, &td.mr_owner_config}) {
    field->fill(fill++);
  }
  WARD_CHECK_OK(measure_log(log, td));
  return td;
}

Result<DcapStage> good_stage(const DcapFace& face, DcapKeys keys, crypto::PrivateKey attestation,
                             UnixTime from, unsigned days, crypto::Rng& rng) {
  constexpr std::array<std::uint8_t, 64> kReportData = {1, 2, 3};
  WARD_TRY(DcapWorld world, default_world(keys, from, days, rng, face.form.tee()));
  tcg::LogParts log = default_log();
  WARD_TRY(tdx::TdReportParts td, default_td(log));
  DcapStage out{.face = face,
                .keys = std::move(keys),
                .attestation = std::move(attestation),
                .world = std::move(world),
                .report_data = kReportData,
                .td = td,
                .log = std::move(log)};
  out.quoting_enclave = out.world.qe_identity;
  out.enclave.mr_enclave.fill(0xaa);
  out.enclave.config_id.fill(0xbb);
  out.td.report_data = kReportData;
  return out;
}

Result<DcapMade> sign_stage(const DcapStage& stage) {
  DcapMade out;
  WARD_TRY(out.collateral, sign_world(stage.world, stage.keys, stage.signing));
  out.documents = out.collateral.documents();
  if (stage.face.tdx()) {
    out.documents.documents.push_back({"ccel.bin", tcg::write_event_log(stage.log)});
  }
  // The quoting enclave keeps its key; the stage may be signed again.
  WARD_TRY(crypto::PrivateKey attestation,
           crypto::PrivateKey::from_pkcs8(stage.attestation.to_pkcs8().expose()));
  WARD_TRY(const QuotingEnclave enclave,
           QuotingEnclave::create(std::move(attestation), stage.keys.pck, stage.quoting_enclave,
                                  stage.world.pck, out.collateral.pck_chain_pem, stage.signing));
  WARD_TRY(const Buffer quote, enclave.quote(stage.body(), stage.face.form));
  const auto parsed = dcap::parse_quote(quote, stage.face.form.tee());
  if (!parsed) return Error(Errc::kInternal, "soft.stage: quote");
  out.parts = dcap::parts_of(*parsed);
  return out;
}

}  // namespace ward::soft
