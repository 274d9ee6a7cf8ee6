#include <algorithm>
#include <variant>

#include "tee/soft/cases/flaws.h"
#include "tee/soft/faces.h"

namespace ward::soft::cases {
namespace {

using snp::Line;
using snp::SigningKey;

// Those that a development platform shows for keeps; other lines' reports, and one with a table.
std::vector<SnpFace> all_faces() {
  std::vector<SnpFace> out;
  for (const Face& face : faces()) {
    if (const auto* form = std::get_if<AmdFace>(&face.form)) out.push_back({face.name, *form});
  }
  out.push_back({"snp-milan", {Line::kMilan, 3, SigningKey::kVcek}});
  out.push_back({"snp-turin", {Line::kTurin, 5, SigningKey::kVcek}});
  out.push_back({"snp-extended", {Line::kGenoa, 5, SigningKey::kVcek}, true});
  return out;
}

Result<Made> make_snp(const SnpFlaw& flaw, std::string_view name, Makers& makers) {
  const std::vector<SnpFace> all = all_faces();
  const auto face = std::ranges::find(all, name, &SnpFace::name);
  if (face == all.end()) return Error(Errc::kUnsupported, "soft.cases: no such face");
  WARD_TRY(const AmdMakers* keys, makers.amd());
  WARD_TRY(SnpStage stage, makers.stage(*face));
  if (flaw.facts) flaw.facts(stage, makers.setting());
  WARD_TRY(SnpMade made, sign_stage(stage));
  if (flaw.forge) WARD_CHECK_OK(flaw.forge(made, stage, *keys));
  Made out{.evidence = made.whole(),
           .documents = std::move(made.documents),
           .expected = stage.expectations(),
           .signed_octets = snp::kSignedSize};
  if (face->extended) out.whole_at = snp::kReportSize;
  return out;
}

std::vector<std::string> ids(const std::vector<std::string>& facts) {
  std::vector<std::string> out;
  for (const std::string& fact : facts) {
    out.push_back("snp." + fact);
  }
  return out;
}

attest::Verdict verdict(const SnpFlaw& flaw) {
  if (!flaw.fails.empty()) return attest::Verdict::kRefused;
  return flaw.open.empty() ? attest::Verdict::kAccepted : attest::Verdict::kUndetermined;
}

void add(std::vector<Case>& out, const SnpFlaw& flaw) {
  Case one{.name = std::string("snp-") + flaw.id,
           .tee = "snp",
           .what = flaw.what,
           .unseen = flaw.unseen,
           .verdict = verdict(flaw),
           .fails = ids(flaw.fails),
           .open = ids(flaw.open)};
  for (const SnpFace& face : all_faces()) {
    if (!flaw.of || flaw.of(face)) one.faces.push_back(face.name);
  }
  one.make = [flaw](std::string_view face, Makers& makers) { return make_snp(flaw, face, makers); };
  out.push_back(std::move(one));
}

void add_good(std::vector<Case>& out, const SnpFace& face) {
  Case one{.name = std::string(face.name) + "-good",
           .tee = "snp",
           .what = "nothing is wrong: what the others differ from",
           .unseen = "no public sample is whole with documents of its time",
           .faces = {face.name},
           .verdict = attest::Verdict::kAccepted};
  one.make = [](std::string_view name, Makers& makers) { return make_snp({}, name, makers); };
  out.push_back(std::move(one));
}

}  // namespace

void add_snp_cases(std::vector<Case>& out) {
  for (const SnpFace& face : all_faces()) {
    add_good(out, face);
  }
  for (auto* flaws : {snp_chain_flaws, snp_report_flaws}) {
    for (const SnpFlaw& flaw : flaws()) {
      add(out, flaw);
    }
  }
}

}  // namespace ward::soft::cases
