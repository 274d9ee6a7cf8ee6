#include <algorithm>
#include <set>
#include <string>

#include "attest/own_vector.h"
#include "tee/sev/made/cases.h"

namespace ward::sev {

std::vector<attest::OwnVector> own_vectors();

namespace made {
namespace {

using attest::Document;
using attest::OwnVector;

constexpr const char* kAt = "at 2026-09-22T14:13:20Z\n";

// Octets of a certificate in which a flipped bit must be seen: all but the zeros behind its key.
constexpr std::size_t kHead = certificate::Pubkey::kBegin + 4 + kEcdsaSize;

std::string range(std::size_t begin, std::size_t end) {
  return "signed " + std::to_string(begin) + "-" + std::to_string(end) + "\n";
}

std::string signed_ranges(const Made& m) {
  std::string out = range(0, kReportSize);
  if (!m.certificates) return out;
  std::size_t at = kReportSize;
  for (const Buffer& c : {m.pdh, m.pek, m.oca, m.cek, m.ask, m.ark}) {
    out += range(at, at + std::min(kHead, c.size()));
    at += c.size();
  }
  return out;
}

std::string expected(const attest::Expectations& e) {
  return "report_data " + to_hex(std::get<1>(e.report_data).at(0)) + "\nmeasurement " +
         to_hex(std::get<1>(e.measurement).at(0)) + "\n";
}

OwnVector vector(const char* kind, std::string name, const Given& g, const Face& face,
                 const std::string& facts) {
  OwnVector out{.kind = kind, .name = std::move(name), .files = g.collateral};
  out.files.push_back({.name = "evidence", .bytes = g.made.evidence()});
  out.files.push_back({.name = "case.txt", .bytes = to_buffer(as_bytes(facts))});
  out.files.push_back({.name = "root_ca.pem", .bytes = to_buffer(as_bytes(root_pem(face)))});
  return out;
}

OwnVector valid(const Face& face) {
  const Given g = given(good_stage(face));
  std::string facts =
      kAt + std::string("timeless yes\n") + signed_ranges(g.made) + expected(g.expected);
  facts += face.certificates ? "whole_at 208\nself_contained yes\nunasked sev.ark.signature\n"
                             : "unasked sev.pdh.signature\n";
  return vector("valid", face.name, g, face, facts);
}

// The smallest face that shows it.
const Face& face_of(const Case& c) {
  const Face& smallest = kFaces[3];
  if (c.of(smallest)) return smallest;
  return *std::ranges::find_if(kFaces, c.of);
}

OwnVector invalid(const Case& c, const std::string& name, bool absent) {
  const Face& face = face_of(c);
  Stage s = good_stage(face);
  c.before(s);
  Given g = given(s);
  const attest::Expectations good = g.expected;
  c.after(g);
  std::string facts = "case " + name + "\n" + kAt;
  // What the case itself does not look at is not expected either.
  if (std::holds_alternative<std::vector<Buffer>>(g.expected.report_data)) facts += expected(good);
  facts += absent ? "verdict undetermined\nopen sev." : "verdict refused\nfails sev.";
  return vector("invalid", name, g, face, facts + c.id + "\n");
}

std::vector<OwnVector> all() {
  std::vector<OwnVector> out;
  for (const Face& face : kFaces) {
    out.push_back(valid(face));
  }
  std::set<std::string> seen;
  const auto add = [&](const std::vector<Case>& cases, bool absent) {
    for (const Case& c : cases) {
      if (c.of_policy) continue;
      std::string name = "sev-" + std::string(c.id);
      std::ranges::replace(name, '.', '-');
      std::ranges::replace(name, '_', '-');
      if (!seen.insert(name).second) continue;  // the tests have its other ways
      out.push_back(invalid(c, name, absent));
    }
  };
  add(failing_cases(), false);
  add(absent_cases(), true);
  return out;
}

}  // namespace
}  // namespace made

std::vector<attest::OwnVector> own_vectors() { return made::all(); }

}  // namespace ward::sev
