#include "tee/sev/made/cases.h"

#include <utility>

namespace ward::sev::made {
namespace {

bool any(const Face& /*face*/) { return true; }

bool alone(const Face& face) { return !face.certificates; }

bool with_certificates(const Face& face) { return face.certificates; }

bool signed_root(const Face& face) { return !face.unsigned_root; }

}  // namespace

Given given(const Stage& s) {
  Given out;
  out.made = make(s);
  out.collateral = out.made.collateral();
  out.expected = {.report_data = std::vector<Buffer>{to_buffer(s.report.mnonce)},
                  .measurement = std::vector<Buffer>{to_buffer(s.report.launch_digest)},
                  .workload = attest::Unchecked{}};
  out.anchor = root(s.face);
  return out;
}

// A table: as long as there are facts.
std::vector<Case> failing_cases() {
  const auto nothing = [](Stage&) {};
  const auto as_is = [](Given&) {};
  return {
      {"report.form", nothing, [](Given& g) { g.made.report.pop_back(); }, alone},
      {"report.sig_usage", [](Stage& s) { s.report.sig_usage = 0x1004; }},
      {"report.sig_algo", [](Stage& s) { s.report.sig_algo = 0x101; }},
      {"report.reserved", [](Stage& s) { s.report.reserved = 1; }},
      {"guest_policy.reserved", [](Stage& s) { s.report.policy |= 0x40; }},
      {"guest_policy.reserved", [](Stage& s) { s.report.policy |= 0x8000; }},
      {"signature.form", nothing, [](Given& g) { g.made.report[0x40 + 48] = 1; }},
      {"signature.form", nothing, [](Given& g) { g.made.report.back() = 1; }},
      {"certificates.form", nothing, [](Given& g) { g.made.cek.back() = 1; }, with_certificates},
      {"certificates.form", nothing, [](Given& g) { g.made.pdh.clear(); }, with_certificates},
      {"certificates.form", nothing, [](Given& g) { std::swap(g.made.pek, g.made.oca); },
       with_certificates},
      {"certificates.form", nothing, [](Given& g) { g.made.ark.push_back(0); }, with_certificates},
      {"report.signature", [](Stage& s) { s.signers.report = By::kCek; }},
      {"report.signature", nothing,
       [](Given& g) {
         g.made.report[0] ^= 1U;
         g.expected.report_data = attest::Unchecked{};
       }},
      {"pdh.signature", [](Stage& s) { s.signers.pdh = By::kCek; }, as_is, with_certificates},
      {"pdh.signature", [](Stage& s) { s.signers.pdh = By::kNobody; }, as_is, with_certificates},
      {"pek_owner.signature", [](Stage& s) { s.signers.pek_owner = By::kCek; }},
      {"pek_owner.signature", [](Stage& s) { s.signers.pek_owner = By::kNobody; }},
      {"oca.signature", [](Stage& s) { s.signers.oca = By::kPek; }},
      {"pek.signature", [](Stage& s) { s.signers.pek = By::kOca; }},
      {"pek.signature", [](Stage& s) { s.signers.pek = By::kNobody; }},
      {"cek.signature", [](Stage& s) { s.signers.cek = By::kNobody; }},
      {"cek.signature", [](Stage& s) { s.signers.cek = By::kArk; }},
      {"ask.signature", [](Stage& s) { s.signers.ask = By::kAsk; }},
      {"ask.certifying_id", [](Stage& s) { s.ask.certifying_id[0] ^= 1U; }},
      {"ask.certifying_id", [](Stage& s) { s.ark.certifying_id[0] ^= 1U; }},
      {"ark.signature", [](Stage& s) { s.signers.ark = By::kAsk; }, as_is, signed_root},
      {"ark.root", nothing, [](Given& g) { g.anchor.spki_sha256[0] ^= 1U; }, any, true},
      {"guest_policy.debug", [](Stage& s) { s.report.policy &= ~1U; }},
      {"report_data.expected", nothing,
       [](Given& g) { std::get<1>(g.expected.report_data)[0][0] ^= 1U; }, any, true},
      {"measurement.expected", nothing,
       [](Given& g) { std::get<1>(g.expected.measurement)[0][0] ^= 1U; }, any, true},
      {"product.accepted", nothing,
       [](Given& g) {
         g.policy.refused_products = {"Rome", "Milan", "Naples"};
       },
       signed_root, true},
      {"chip.accepted", nothing, [](Given& g) { g.policy.chips = {Buffer(32, 7)}; }, any, true},
      {"platform.development", nothing, [](Given& g) { g.policy.allow_development = false; }, any,
       true},
      {"guest_policy.noks", [](Stage& s) { s.report.policy &= ~2U; }},
      {"guest_policy.es", [](Stage& s) { s.report.policy &= ~4U; }},
      {"guest_policy.nosend", [](Stage& s) { s.report.policy &= ~8U; }},
  };
}

std::vector<Case> absent_cases() {
  const auto nothing = [](Stage&) {};
  const auto without = [](std::vector<Buffer Made::*> parts) {
    return [parts](Given& g) {
      for (Buffer Made::*part : parts) {
        (g.made.*part).clear();
      }
      g.collateral = g.made.collateral();
    };
  };
  return {
      {"pek.present", nothing, without({&Made::pek}), alone},
      {"oca.present", nothing, without({&Made::oca}), alone},
      {"cek.present", nothing, without({&Made::cek}), alone},
      {"ask.present", nothing, without({&Made::ask}), alone},
      {"ark.present", nothing, without({&Made::ark}), alone},
  };
}

}  // namespace ward::sev::made
