#include "crypto/repeatable.h"
#include "tee/soft/cases/flaws.h"
#include "tee/soft/tcb_documents.h"

// What is wrong with TCB info and QE identity, or what they say of the platform.
namespace ward::soft::cases {
namespace {

using dcap::TcbStatus;

// The maker's newer TCB info: a level above the platform's, which is out of date now.
void recover(DcapStage& s, const Setting& setting) {
  dcap::TcbInfo& info = s.world.tcb_info;
  dcap::TcbLevel newest = info.levels.front();
  for (std::uint8_t& svn : newest.sgx_components) {
    ++svn;
  }
  newest.tcb_date = past(setting);
  info.levels.front().status = TcbStatus::kOutOfDate;
  info.levels.front().advisory_ids = {"WARD-DEVELOPMENT-0003"};
  info.levels.insert(info.levels.begin(), newest);
  ++info.evaluation_number;
}

void set_platform(DcapStage& s, TcbStatus status) {
  s.world.tcb_info.levels.front().status = status;
}

Result<void> info_forged(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  WARD_TRY(const DcapStage stranger, makers.stranger(stage.face));
  WARD_TRY(const std::string body, tcb_info_body(stage.world.tcb_info));
  WARD_TRY(
      const Buffer signature,
      crypto::sign_repeatably_rs(stranger.keys.tcb_signing,
                                 crypto::SignatureAlgorithm::kEcdsaP256Sha256, as_bytes(body)));
  document(made.documents, "tcb_info.json") =
      to_buffer(as_bytes("{\"tcbInfo\":" + body + ",\"signature\":\"" + to_hex(signature) + "\"}"));
  return {};
}

// The same maker's documents of the same platform, for its other TEE.
Result<void> other_tee(DcapMade& made, const DcapStage& stage, const Makers& makers) {
  const QuoteForm sgx{4, dcap::BodyType::kSgxReport};
  const QuoteForm tdx{4, dcap::BodyType::kTdReport10};
  WARD_TRY(const DcapStage other,
           makers.stage(DcapFace{"the other", stage.face.tdx() ? sgx : tdx}));
  WARD_TRY(DcapMade others, sign_stage(other));
  for (const char* name : {"tcb_info.json", "qe_identity.json"}) {
    document(made.documents, name) = std::move(document(others.documents, name));
  }
  return {};
}

std::vector<DcapFlaw> info_flaws() {
  return {
      {.id = "tcb-recovery",
       .what = "the maker's newer TCB info calls the platform OutOfDate",
       .unseen = "samples are published while they are up to date, or years later",
       .fails = {"tcb.status"},
       .facts = recover,
       .tcb_status = "OutOfDate"},
      {.id = "platform-revoked",
       .what = "the TCB info calls the platform's level Revoked",
       .unseen = kRevokedUnseen,
       .fails = {"tcb.status"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { set_platform(s, TcbStatus::kRevoked); },
       .tcb_status = "Revoked"},
      {.id = "wrong-fmspc",
       .what = "the TCB info is of another family of platforms",
       .unseen = kAttackUnseen,
       .fails = {"tcb_info.fmspc"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { s.world.tcb_info.fmspc.back() ^= 1U; }},
      {.id = "wrong-pce-id",
       .what = "the TCB info is of another provisioning certification enclave",
       .unseen = kMakerUnseen,
       .fails = {"tcb_info.pce_id"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { s.world.tcb_info.pce_id.back() ^= 1U; }},
      {.id = "tcb-info-from-the-future",
       .what = "the TCB info was issued after the time of appraisal",
       .unseen = kAheadUnseen,
       .fails = {"tcb_info.issue_date"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.tcb_info.issue_date = soon(at); }},
      {.id = "tcb-info-expired",
       .what = "the TCB info has expired",
       .unseen = kLateUnseen,
       .fails = {"tcb_info.next_update"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.tcb_info.next_update = past(at); }},
      {.id = "tcb-info-forged",
       .what = "the TCB info is signed by another key than the TCB signing certificate's",
       .unseen = kAttackUnseen,
       .fails = {"tcb_info.signature"},
       .forge = info_forged},
      {.id = "documents-of-another-tee",
       .what = "TCB info and QE identity are right, for the platform's other TEE",
       .unseen = kAttackUnseen,
       .fails = {"tcb_info.id", "qe_identity.id"},
       .forge = other_tee},
      {.id = "below-every-level",
       .what = "the platform is older than every level of its TCB info",
       .unseen = "Intel's TCB infos end in a level that every platform reaches",
       .fails = {"tcb.level"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.world.tcb_info.levels.resize(1, {});
             s.world.tcb_info.levels.front().pce_svn += 1;
           }},
  };
}

std::vector<DcapFlaw> identity_flaws() {
  return {
      {.id = "qe-identity-from-the-future",
       .what = "the QE identity was issued after the time of appraisal",
       .unseen = kAheadUnseen,
       .fails = {"qe_identity.issue_date"},
       .facts = [](DcapStage& s, const Setting& at) { s.world.qe_identity.issue_date = soon(at); }},
      {.id = "qe-identity-expired",
       .what = "the QE identity has expired",
       .unseen = kLateUnseen,
       .fails = {"qe_identity.next_update"},
       .facts = [](DcapStage& s,
                   const Setting& at) { s.world.qe_identity.next_update = past(at); }},
      {.id = "qe-out-of-date",
       .what = "the quoting enclave is of a level that its identity calls OutOfDate",
       .unseen = "old quoting enclaves stand in public samples beside platforms that are old too",
       .fails = {"tcb.status"},
       .facts = [](DcapStage& s,
                   const Setting& /*at*/) { s.quoting_enclave.levels[0].isv_svn = 1; },
       .tcb_status = "OutOfDate"},
      {.id = "qe-revoked",
       .what = "the quoting enclave is of a level that its identity calls Revoked",
       .unseen = kRevokedUnseen,
       .fails = {"tcb.status"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.world.qe_identity.levels[0].status = TcbStatus::kRevoked;
           },
       .tcb_status = "Revoked"},
      {.id = "qe-lower-isv-svn",
       .what = "the quoting enclave is older than every level of its identity",
       .unseen = "Intel's identities end in a level that every quoting enclave reaches",
       .fails = {"qe_tcb.level"},
       .facts = [](DcapStage& s,
                   const Setting& /*at*/) { s.quoting_enclave.levels[0].isv_svn = 0; }},
      {.id = "qe-of-another-signer",
       .what = "the PCK key vouches for a quoting enclave that somebody else signed",
       .unseen = kAttackUnseen,
       .fails = {"qe_report.mr_signer"},
       .facts = [](DcapStage& s, const Setting& /*at*/) { s.quoting_enclave.mr_signer[0] ^= 1U; }},
      {.id = "qe-debug",
       .what = "the quoting enclave runs in debug mode, which its identity would even allow",
       .unseen = kAttackUnseen,
       .fails = {"qe_report.debug"},
       .facts =
           [](DcapStage& s, const Setting& /*at*/) {
             s.world.qe_identity.attributes[0] |= 2U;
             s.quoting_enclave.attributes[0] |= 2U;
           }},
  };
}

}  // namespace

std::vector<DcapFlaw> dcap_document_flaws() {
  std::vector<DcapFlaw> out = info_flaws();
  for (DcapFlaw& flaw : identity_flaws()) {
    out.push_back(std::move(flaw));
  }
  return out;
}

}  // namespace ward::soft::cases
