#include "crypto/repeatable.h"
#include "tee/soft/cases/flaws.h"
#include "tee/tcg/event_type.h"

// What is wrong with a quote, or with the workload that it speaks of.
namespace ward::soft::cases {
namespace {

using crypto::SignatureAlgorithm;
using dcap::TcbStatus;
namespace field = dcap::report_body;

bool is_sgx(const DcapFace& face) { return !face.tdx(); }

// From TD report 1.5 on the platform says what it runs now beside what the TD was launched on.
bool has_15(const DcapFace& face) { return face.form.body >= dcap::BodyType::kTdReport15; }

Result<void> sign(dcap::QuoteParts& parts, const crypto::PrivateKey& key) {
  WARD_TRY(parts.signature, crypto::sign_repeatably_rs(key, SignatureAlgorithm::kEcdsaP256Sha256,
                                                       dcap::write_signed_part(parts)));
  return {};
}

Result<void> quote_forged(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  return sign(made.parts, stranger.attestation);
}

// A key of the attacker's own, which the quoting enclave's report does not name.
Result<void> key_swapped(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  made.parts.attestation_key = stranger.attestation.public_key().to_ec_xy();
  return sign(made.parts, stranger.attestation);
}

Result<void> reserved_octet(DcapMade& made, const DcapStage& stage, const Makers& /*makers*/) {
  made.parts.body.at(field::Reserved2::kBegin) = 1;
  return sign(made.parts, stage.attestation);
}

// The TD was launched under a module that has been updated since.
void relaunch(DcapStage& s, const Setting& /*at*/) { --s.td.tee_tcb_svn[0]; }

void relaunch_configuration(DcapStage& s, const Setting& at) {
  relaunch(s, at);
  s.world.tcb_info.levels.front().status = TcbStatus::kConfigurationNeeded;
}

// The log says that another command line was measured.
void change_log(DcapStage& s, const Setting& /*at*/) {
  constexpr std::array kBank = {tcg::Algorithm::kSha384};
  const Bytes line = as_bytes("ro quiet init=/bin/sh");
  s.log.events.at(3) =
      tcg::measured(3, tcg::event_type::kIpl, line,
                    concat({as_bytes("kernel_cmdline: "), line, Buffer(1, 0)}), kBank);
}

}  // namespace

std::vector<DcapFlaw> dcap_quote_flaws() {
  return {
      {.id = "debug",
       .what = "the workload may be debugged: the host can read it",
       .unseen = "debug workloads in public samples are on platforms that are out of date too",
       .fails = {"attributes.debug"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.enclave.debug = true;
             s.td.td_attributes |= 1U;
           }},
      {.id = "reserved-octet",
       .what = "a reserved octet of the report body is set, and signed",
       .unseen = kFirmwareUnseen,
       .fails = {"quote.reserved"},
       .forge = reserved_octet,
       .of = is_sgx},
      {.id = "quote-forged",
       .what = "the quote is signed by another key than its attestation key",
       .unseen = kAttackUnseen,
       .fails = {"quote.signature"},
       .forge = quote_forged},
      {.id = "attestation-key-swapped",
       .what = "the quote is signed by an attestation key that the quoting enclave does not name",
       .unseen = kAttackUnseen,
       .fails = {"qe_report.report_data"},
       .forge = key_swapped},
  };
}

std::vector<DcapFlaw> tdx_flaws() {
  return {
      {.id = "relaunch-advised",
       .what = "the TD was launched under a TDX module that was updated since",
       .unseen = "it takes an update under a running TD",
       .fails = {"tcb.status"},
       .facts = relaunch,
       .of = has_15,
       .tcb_status = "TDRelaunchAdvised"},
      {.id = "relaunch-advised-configuration-needed",
       .what = "the same on a platform that needs to be configured",
       .unseen = "it takes an update under a running TD",
       .fails = {"tcb.status"},
       .facts = relaunch_configuration,
       .of = has_15,
       .tcb_status = "TDRelaunchAdvisedConfigurationNeeded"},
      {.id = "unknown-attribute",
       .what = "an attribute of the TD is set that has no meaning yet",
       .unseen = kFirmwareUnseen,
       .fails = {"td_attributes.reserved"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { s.td.td_attributes |= 1U << 8U; }},
      {.id = "module-of-another-signer",
       .what = "the TDX module is signed by somebody else",
       .unseen = kAttackUnseen,
       .fails = {"module.mr_signer"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { s.td.mr_signer_seam[0] = 1; }},
      {.id = "module-unknown",
       .what = "the TDX module is of a version that the TCB info has no identity for",
       .unseen = kFirmwareUnseen,
       .fails = {"module.identity"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.td.tee_tcb_svn[1] = 2;
             s.td.tee_tcb_svn2[1] = 2;
           }},
      {.id = "module-too-old",
       .what = "the TDX module is older than every level of its identity",
       .unseen = "Intel's identities end in a level that every module reaches",
       .fails = {"module.level"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.td.tee_tcb_svn[0] = 0;
             s.td.tee_tcb_svn2[0] = 0;
           }},
      {.id = "event-log-changed",
       .what = "the event log has another kernel command line than the register",
       .unseen = kAttackUnseen,
       .fails = {"event_log.rtmr2"},
       .facts = change_log},
  };
}

}  // namespace ward::soft::cases
