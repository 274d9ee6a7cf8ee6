#include <algorithm>
#include <array>

#include "tee/soft/cases/flaws.h"

namespace ward::soft::cases {
namespace {

constexpr DcapFace kFaces[] = {
    {"sgx", {3, dcap::BodyType::kSgxReport}},
    {"sgx-v4", {4, dcap::BodyType::kSgxReport}},
    {"sgx-v5", {5, dcap::BodyType::kSgxReport}},
    {"tdx", {4, dcap::BodyType::kTdReport10}},
    {"tdx-v5", {5, dcap::BodyType::kTdReport10}},
    {"tdx-v5-1.5", {5, dcap::BodyType::kTdReport15}},
    {"tdx-v5-1.5-ex", {5, dcap::BodyType::kTdReport15Ex}},
};

Result<Made> make_dcap(const DcapFlaw& flaw, std::string_view name, Makers& makers) {
  const auto* face = std::ranges::find(kFaces, name, &DcapFace::name);
  if (face == std::end(kFaces)) return Error(Errc::kUnsupported, "soft.cases: no such face");
  WARD_TRY(DcapStage stage, makers.stage(*face));
  if (flaw.facts) flaw.facts(stage, makers.setting());
  WARD_TRY(DcapMade made, sign_stage(stage));
  if (flaw.forge) WARD_CHECK_OK(flaw.forge(made, stage, makers));
  return Made{.evidence = dcap::write_quote(made.parts),
              .documents = std::move(made.documents),
              .expected = stage.expectations(),
              .signed_octets = dcap::write_signed_part(made.parts).size()};
}

void add(std::vector<Case>& out, const std::string& tee, const DcapFlaw& flaw) {
  Case one{.name = tee + "-" + flaw.id, .tee = tee, .what = flaw.what, .unseen = flaw.unseen};
  for (const DcapFace& face : kFaces) {
    if (face.tdx() == (tee == "tdx") && (!flaw.of || flaw.of(face))) one.faces.push_back(face.name);
  }
  if (one.faces.empty()) return;
  one.verdict = attest::Verdict::kRefused;
  for (const std::string& id : flaw.fails)
    one.fails.push_back(tee + "." + id);
  one.tcb_status = flaw.tcb_status;
  one.make = [flaw](std::string_view face, Makers& makers) {
    return make_dcap(flaw, face, makers);
  };
  out.push_back(std::move(one));
}

void add_good(std::vector<Case>& out, const DcapFace& face) {
  Case one{.name = std::string(face.name) + "-good",
           .tee = face.tdx() ? "tdx" : "sgx",
           .what = "nothing is wrong: what the others differ from",
           .unseen = "no public sample is whole with documents of its time",
           .faces = {face.name},
           .verdict = attest::Verdict::kAccepted,
           .tcb_status = "UpToDate"};
  one.make = [](std::string_view name, Makers& makers) { return make_dcap({}, name, makers); };
  out.push_back(std::move(one));
}

}  // namespace

void add_dcap_cases(std::vector<Case>& out) {
  for (const bool tdx : {false, true}) {
    for (const DcapFace& face : kFaces) {
      if (face.tdx() == tdx) add_good(out, face);
    }
    for (auto* flaws : {dcap_chain_flaws, dcap_document_flaws, dcap_quote_flaws, tdx_flaws}) {
      if (flaws == tdx_flaws && !tdx) continue;
      for (const DcapFlaw& flaw : flaws())
        add(out, tdx ? "tdx" : "sgx", flaw);
    }
  }
}

}  // namespace ward::soft::cases
