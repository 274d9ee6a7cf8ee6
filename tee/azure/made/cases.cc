#include "tee/azure/made/cases.h"

#include <algorithm>
#include <utility>

#include "crypto/digest.h"

namespace ward::azure::made {
namespace {

constexpr std::uint64_t kDebugPolicy = 1U << 19U;
constexpr std::uint64_t kMigratePolicy = 1U << 18U;

attest::Expected other(std::size_t size) { return std::vector<Buffer>{Buffer(size, 7)}; }

// The digest that the hardware reports, with one octet changed.
void report(Stage& s, std::size_t changed) {
  std::array<std::uint8_t, 64> out{};
  std::ranges::copy(crypto::sha256(as_bytes(write_runtime_data(s.runtime))), out.begin());
  out.at(changed) ^= 1U;
  s.report_data = out;
}

void add_form_cases(std::vector<Case>& out) {
  out.push_back({.name = "trailing_octet", .id = "evidence.form", .octets = [](Buffer& b) {
                   b.push_back('x');
                 }});
  out.push_back(
      {.name = "hcl_version", .id = "hcl.form", .after = [](Made& m) { m.evidence.hcl[4] = 3; }});
  out.push_back({.name = "hcl_behind_the_end", .id = "hcl.form", .after = [](Made& m) {
                   m.evidence.hcl.back() = 1;
                 }});
  out.push_back({.name = "hcl_of_tdx", .id = "hcl.report_type", .before = [](Stage& s) {
                   s.hcl.report_type = report_type::kTdx;
                 }});
  out.push_back({.name = "hcl_of_vbs",
                 .id = "hcl.report_type",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) { s.hcl.report_type = 3; }});
  out.push_back(
      {.name = "hcl_hash", .id = "hcl.hash_type", .before = [](Stage& s) { s.hcl.hash_type = 4; }});
}

void add_runtime_cases(std::vector<Case>& out) {
  out.push_back({.name = "runtime_data_changed", .id = "runtime_data.bound", .after = [](Made& m) {
                   change(m.evidence, [](Hcl& hcl) {
                     auto data = *parse_runtime_data(hcl.runtime_data);
                     data.console_enabled = true;
                     hcl.runtime_data = to_buffer(as_bytes(write_runtime_data(data)));
                   });
                 }});
  out.push_back({.name = "report_data_tail", .id = "runtime_data.bound", .before = [](Stage& s) {
                   report(s, 63);
                 }});
  out.push_back({.name = "td_report_data_tail",
                 .id = "runtime_data.bound",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) { report(s, 32); }});
  out.push_back(
      {.name = "runtime_data_keys_twice", .id = "runtime_data.form", .before = [](Stage& s) {
         s.runtime_json = write_runtime_data(s.runtime);
         s.runtime_json.insert(1, "\"keys\":[],");
       }});
  out.push_back({.name = "two_aks", .id = "runtime_data.ak", .before = [](Stage& s) {
                   s.runtime.keys[1].id = "HCLAkPub";
                 }});
  out.push_back({.name = "no_ak", .id = "runtime_data.ak", .before = [](Stage& s) {
                   s.runtime.keys[0].id = "HCLEkPub";
                 }});
  out.push_back({.name = "short_ak", .id = "runtime_data.ak", .before = [](Stage& s) {
                   s.runtime.keys[0].modulus.resize(128);
                 }});
}

void add_hardware_cases(std::vector<Case>& out) {
  out.push_back({.name = "vmpl_2", .id = "report.vmpl", .before = [](Stage& s) {
                   s.snp->world.report.vmpl = 2;
                 }});
  out.push_back({.name = "migration_agent", .id = "report.migration_agent", .before = [](Stage& s) {
                   s.snp->world.report.policy |= kMigratePolicy;
                 }});
  out.push_back({.name = "snp_debug", .id = "guest.debug", .before = [](Stage& s) {
                   s.snp->world.report.policy |= kDebugPolicy;
                 }});
  out.push_back({.name = "snp_report_changed", .id = "snp.report.signature", .after = [](Made& m) {
                   change(m.evidence,
                          [](Hcl& hcl) { hcl.hardware[snp::report::HostData::kBegin] ^= 1U; });
                 }});
  out.push_back(
      {.name = "no_ask", .id = "snp.vek_chain.present", .open = true, .after = [](Made& m) {
         drop(m, "ask.der");
       }});
  out.push_back(
      {.name = "behind_the_td_report",
       .id = "td_report.form",
       .face = kTdxFace,
       .after = [](Made& m) { change(m.evidence, [](Hcl& hcl) { hcl.hardware.back() = 1; }); }});
  out.push_back(
      {.name = "another_td", .id = "td_report.quoted", .face = kTdxFace, .before = [](Stage& s) {
         s.local = s.tdx->td;
         s.local->mr_td[0] ^= 1U;
       }});
  out.push_back({.name = "td_debug", .id = "guest.debug", .face = kTdxFace, .before = [](Stage& s) {
                   s.tdx->td.td_attributes |= 1U;
                 }});
  out.push_back({.name = "no_tcb_info",
                 .id = "tdx.tcb_info.present",
                 .open = true,
                 .face = kTdxFace,
                 .after = [](Made& m) { drop(m, "tcb_info.json"); }});
  out.push_back(
      {.name = "tcb_out_of_date", .id = "tcb.status", .face = kTdxFace, .before = [](Stage& s) {
         s.tdx->world.tcb_info.levels[0].status = dcap::TcbStatus::kOutOfDate;
       }});
}

void add_quote_cases(std::vector<Case>& out) {
  out.push_back({.name = "magic", .id = "tpm.quote.magic", .before = [](Stage& s) {
                   s.quote.magic = 0x11223344;
                 }});
  out.push_back({.name = "attest_creation", .id = "tpm.quote.type", .before = [](Stage& s) {
                   s.quote.type = 0x801a;  // TPM_ST_ATTEST_CREATION
                 }});
  out.push_back({.name = "no_nonce", .id = "tpm.quote.extra_data", .before = [](Stage& s) {
                   s.quote.extra_data.clear();
                   s.expected.report_data = attest::Unchecked{};
                 }});
  out.push_back({.name = "pcr_changed", .id = "tpm.quote.pcr_digest", .after = [](Made& m) {
                   m.evidence.pcrs[0][0] ^= 1U;
                 }});
  out.push_back({.name = "three_pcrs", .id = "tpm.quote.pcr_values", .before = [](Stage& s) {
                   s.quote.pcr_select = {tpm::selection_of(tpm::alg::kSha256, {0, 1, 2})};
                 }});
  out.push_back({.name = "another_ak", .id = "tpm.quote.signature", .before = [](Stage& s) {
                   s.ak = &stranger();
                 }});
  out.push_back({.name = "another_ak_of_a_td",
                 .id = "tpm.quote.signature",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) { s.ak = &stranger(); }});
}

void add_policy_cases(std::vector<Case>& out) {
  out.push_back({.name = "another_nonce",
                 .id = "report_data.expected",
                 .vector = false,
                 .before = [](Stage& s) { s.expected.report_data = other(48); }});
  out.push_back({.name = "another_measurement",
                 .id = "measurement.expected",
                 .vector = false,
                 .before = [](Stage& s) { s.expected.measurement = other(48); }});
  out.push_back({.name = "another_workload",
                 .id = "workload.expected",
                 .vector = false,
                 .before = [](Stage& s) { s.expected.workload = other(32); }});
  out.push_back({.name = "refused_product",
                 .id = "product.accepted",
                 .vector = false,
                 .before = [](Stage& s) { s.policy.refused_products = {"Milan"}; }});
  out.push_back(
      {.name = "another_chip", .id = "chip.accepted", .vector = false, .before = [](Stage& s) {
         s.policy.chips = std::vector<Buffer>{Buffer(64, 1)};
       }});
  out.push_back({.name = "development",
                 .id = "platform.development",
                 .vector = false,
                 .before = [](Stage& s) { s.policy.allow_development = false; }});
  out.push_back({.name = "old_tcb",
                 .id = "tcb.date",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) { s.policy.min_tcb_date = UnixTime{kNow.seconds + 1}; }});
  out.push_back({.name = "old_evaluation",
                 .id = "tcb.evaluation_number",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) { s.policy.min_tcb_evaluation = 1000; }});
  out.push_back({.name = "advisory",
                 .id = "tcb.advisories",
                 .face = kTdxFace,
                 .vector = false,
                 .before = [](Stage& s) {
                   auto& level = s.tdx->world.tcb_info.levels[0];
                   level.status = dcap::TcbStatus::kOutOfDate;
                   level.advisory_ids = {"INTEL-SA-00001", "INTEL-SA-00002"};
                   s.policy.tolerated = {{"INTEL-SA-00001", kNow}};
                 }});
}

}  // namespace

const std::vector<Case>& all_cases() {
  static const std::vector<Case> kCases = [] {
    std::vector<Case> out;
    add_form_cases(out);
    add_runtime_cases(out);
    add_hardware_cases(out);
    add_quote_cases(out);
    add_policy_cases(out);
    return out;
  }();
  return kCases;
}

Staged play(const Case& c) {
  Staged out{.stage = good_stage(kFaces[c.face])};
  c.before(out.stage);
  Made made = make(out.stage);
  c.after(made);
  out.evidence = write_evidence(made.evidence);
  c.octets(out.evidence);
  out.documents = std::move(made.documents);
  return out;
}

}  // namespace ward::azure::made
