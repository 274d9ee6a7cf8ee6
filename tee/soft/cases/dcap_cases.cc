#include <algorithm>
#include <variant>

#include "tee/soft/cases/flaws.h"
#include "tee/soft/faces.h"

namespace ward::soft::cases {
namespace {

// Those that a development platform shows for keeps, and the longest TD report.
std::vector<DcapFace> all_faces() {
  std::vector<DcapFace> out;
  for (const Face& face : faces()) {
    if (const auto* form = std::get_if<QuoteForm>(&face.form)) out.push_back({face.name, *form});
  }
  out.push_back({"tdx-v5-1.5-ex", {5, dcap::BodyType::kTdReport15Ex}});
  return out;
}

Result<Made> make_dcap(const DcapFlaw& flaw, std::string_view name, Makers& makers) {
  const std::vector<DcapFace> all = all_faces();
  const auto face = std::ranges::find(all, name, &DcapFace::name);
  if (face == all.end()) return Error(Errc::kUnsupported, "soft.cases: no such face");
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
  for (const DcapFace& face : all_faces()) {
    if (face.tdx() == (tee == "tdx") && (!flaw.of || flaw.of(face)))
      one.faces.emplace_back(face.name);
  }
  if (one.faces.empty()) return;
  one.verdict = attest::Verdict::kRefused;
  const std::string scheme = tee + ".";
  for (const std::string& id : flaw.fails) {
    one.fails.push_back(scheme + id);
  }
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
    for (const DcapFace& face : all_faces()) {
      if (face.tdx() == tdx) add_good(out, face);
    }
    for (auto* flaws : {dcap_chain_flaws, dcap_document_flaws, dcap_quote_flaws, tdx_flaws}) {
      if (flaws == tdx_flaws && !tdx) continue;
      for (const DcapFlaw& flaw : flaws()) {
        add(out, tdx ? "tdx" : "sgx", flaw);
      }
    }
  }
}

}  // namespace ward::soft::cases
