// For every check of NVIDIA devices' evidence, a good device of every kind that differs in that
// fact alone.
#include <algorithm>
#include <functional>
#include <ostream>

#include <gtest/gtest.h>

#include "attest/field.h"
#include "tee/all.h"
#include "tee/nvidia/made/stage.h"
#include "tee/x509/development.h"
#include "verifier/verifier.h"

namespace ward::nvidia {
namespace {

using attest::Appraisal;
using attest::Outcome;
using attest::Verdict;
using Ids = std::vector<std::string>;

constexpr Arch kArchs[] = {Arch::kHopper, Arch::kBlackwell, Arch::kLs10};

// What a relying party asks.
struct Asked {
  attest::Policy policy{.name = "test", .allow_development = true};
  attest::Expectations expected{attest::Unchecked{}, attest::Unchecked{}, attest::Unchecked{}};
  bool root_of_hardware = false;
  UnixTime now = kStageNow;
};

Appraisal judge(Bytes evidence, const attest::Collateral& documents, const Stage& s,
                const Asked& asked) {
  attest::Anchor anchor = stage_anchor(s);
  anchor.development = !asked.root_of_hardware;
  const verifier::Verifier verifier(tee::all_schemes(), {anchor}, asked.policy);
  auto out = verifier.appraise({.evidence = evidence,
                                .collateral = documents,
                                .now = asked.now,
                                .expected = asked.expected});
  return out ? *std::move(out) : Appraisal{};
}

Appraisal judge(const Made& m, const Stage& s, const Asked& asked) {
  const std::string json = *write_evidence_json({m.device});
  return judge(as_bytes(json), m.documents, s, asked);
}

// Case changes one fact: before it is signed, after, or what is asked. The id is without the TEE's
// name.
struct Case {
  std::string id;
  std::function<void(Stage&)> before = [](Stage&) {};
  std::function<void(Made&)> after = [](Made&) {};
  std::function<void(Asked&)> ask = [](Asked&) {};
  std::function<bool(Arch)> of = [](Arch) { return true; };
};

bool is_gpu(Arch arch) { return arch != Arch::kLs10; }

Appraisal run(const Case& c, Arch arch) {
  Stage s = good_stage(arch);
  c.before(s);
  Made m = make(s);
  c.after(m);
  Asked asked;
  asked.expected = {std::vector<Buffer>{to_buffer(s.report.nonce)},
                    std::vector<Buffer>{stage_measurement(write_report(s.report))},
                    attest::Unchecked{}};
  c.ask(asked);
  return judge(m, s, asked);
}

pki::Extension usage(std::uint16_t bits) { return pki::key_usage_extension(bits); }

void flip(Buffer& octets, std::size_t at) { octets[at] ^= 1U; }

// change replaces text in a document.
void change(Made& m, const char* document, std::string_view from, std::string_view to) {
  std::string text(as_text(m.document(document)));
  const std::size_t at = text.find(from);
  if (at == std::string::npos) std::abort();
  text.replace(at, from.size(), to);
  m.document(document) = to_buffer(as_bytes(text));
}

// change_base64 changes the first character of an element's base64 text, not its form.
void change_base64(Made& m, const char* document, std::string_view element) {
  std::string text(as_text(m.document(document)));
  const std::size_t at = text.find("<ds:" + std::string(element) + ">") + element.size() + 5;
  text[at] = text[at] == 'A' ? 'B' : 'A';
  m.document(document) = to_buffer(as_bytes(text));
}

std::vector<Case> form_cases() {
  const auto report = [](std::size_t at) { return [at](Made& m) { flip(m.device.report, at); }; };
  return {
      {.id = "evidence.form", .after = [](Made& m) { m.device.report.clear(); }},
      {.id = "evidence.nonce", .after = [](Made& m) { flip(*m.device.nonce, 0); }},
      {.id = "evidence.nonce", .after = [](Made& m) { m.device.nonce->pop_back(); }},
      {.id = "report.request", .after = report(0)},
      {.id = "report.request", .after = report(2)},
      {.id = "report.response", .after = report(37)},
      {.id = "report.response", .after = [](Made& m) { m.device.report.push_back(0); }},
      {.id = "report.response", .after = [](Made& m) { m.device.report.pop_back(); }},
      {.id = "report.record", .after = report(41)},
      {.id = "report.record", .after = report(45)},
      {.id = "report.record", .after = report(46)},
      {.id = "report.opaque",
       .after =
           [](Made& m) {
             const std::size_t at = 45 + measurement_record(m.device.report).size() + 32 + 2;
             flip(m.device.report, at + 2);  // the first field's size
           }},
      {.id = "report.opaque", .before = [](Stage& s) { s.device.vbios_version = "96 1"; }},
  };
}

std::vector<Case> device_cases() {
  const auto cert = [](Role role, const std::function<void(StageCert&)>& edit) {
    return [=](Stage& s) { edit(s.certificate(role)); };
  };
  return {
      {.id = "device_chain.signature",
       .before = cert(Role::kDevice, [](auto& c) { c.signed_by = Role::kRimCa; })},
      {.id = "device_chain.names",
       .before = cert(Role::kDevice, [](auto& c) { c.name = "XX100 A01 GSP BROM"; })},
      {.id = "device_chain.constraints",
       .before = cert(Role::kFirmware,
                      [](auto& c) { c.extensions[1] = usage(pki::key_usage::kCrlSign); })},
      {.id = "device_chain.constraints",
       .before = cert(
           Role::kProvisioner,
           [](auto& c) { c.extensions[0] = pki::basic_constraints_extension({.ca = false}); })},
      {.id = "device_chain.constraints",
       .before =
           cert(Role::kFirmware,
                [](auto& c) { c.extensions[0] = pki::basic_constraints_extension({.ca = true}); })},
      {.id = "device_chain.not_before",
       .before = cert(Role::kFirmware, [](auto& c) { c.not_before = {kStageNow.seconds + 1}; })},
      {.id = "device_chain.not_after",
       .before = cert(Role::kFirmware, [](auto& c) { c.not_after = {kStageNow.seconds - 1}; })},
      {.id = "device_chain.development_mark",
       .before = cert(Role::kRimCa, [](auto& c) { c.id = ""; }),
       .ask = [](Asked& a) { a.root_of_hardware = true; }},
      {.id = "device.arch", .after = [](Made& m) { m.device.arch = "SV10"; }},
      {.id = "device.arch",
       .after = [](Made& m) { m.device.arch = m.device.arch == "LS10" ? "HOPPER" : "LS10"; }},
      {.id = "device.arch", .before = [](Stage& s) { s.device.chip = "GB999"; }, .of = is_gpu},
      {.id = "device.fwid", .before = [](Stage& s) { s.device.fwid = Buffer(48, 7); }},
      {.id = "report.signature",  // the device's nonce
       .after =
           [](Made& m) { flip(m.device.report, 46 + measurement_record(m.device.report).size()); }},
      {.id = "report.signature",
       .after =
           [](Made& m) {
             flip(m.device.report, 5);
             m.device.nonce.reset();
           },
       .ask = [](Asked& a) { a.expected.report_data = attest::Unchecked{}; }},
      {.id = "report.signature", .after = [](Made& m) { m.device.report.back() ^= 1U; }},
  };
}

std::vector<Case> rim_cases() {
  const auto cert = [](Role role, const std::function<void(StageCert&)>& edit) {
    return [=](Stage& s) { edit(s.certificate(role)); };
  };
  std::vector<Case> out = {
      {.id = "rim.conflict",
       .before =
           [](Stage& s) {
             s.rims[1].content.golden.insert(s.rims[1].content.golden.begin(),
                                             s.rims[0].content.golden[0]);
           },
       .of = is_gpu},
      {.id = "rim_chain.signature",
       .before = cert(Role::kRimIssuer, [](auto& c) { c.signed_by = Role::kProvisioner; })},
      {.id = "rim_chain.names",
       .before = cert(Role::kRimIssuer, [](auto& c) { c.name = "Own Provisioner ICA 2"; })},
      {.id = "rim_chain.constraints",
       .before = cert(
           Role::kRimIssuer,
           [](auto& c) { c.extensions[0] = pki::basic_constraints_extension({.ca = false}); })},
      {.id = "rim_chain.constraints",
       .before =
           cert(Role::kRimSigner,
                [](auto& c) { c.extensions[0] = pki::basic_constraints_extension({.ca = true}); })},
      {.id = "rim_chain.not_before",
       .before = cert(Role::kRimSigner, [](auto& c) { c.not_before = {kStageNow.seconds + 1}; })},
      {.id = "rim_chain.not_after",
       .before = cert(Role::kRimSigner, [](auto& c) { c.not_after = {kStageNow.seconds - 1}; })},
      {.id = "rim_chain.development_mark",
       .before = cert(Role::kIdentity, [](auto& c) { c.id = ""; }),
       .ask = [](Asked& a) { a.root_of_hardware = true; }},
  };
  for (const bool driver : {false, true}) {
    const std::string name = driver ? "driver_rim" : "vbios_rim";
    const std::string file = name + ".xml";
    const std::size_t at = driver ? 1 : 0;
    const auto of = [driver](Arch arch) { return !driver || is_gpu(arch); };
    out.push_back({.id = name + ".digest",
                   .after = [file](Made& m) { change(m, file.c_str(), "\"own\"", "\"owm\""); },
                   .of = of});
    out.push_back({.id = name + ".signature",
                   .after = [file](Made& m) { change_base64(m, file.c_str(), "SignatureValue"); },
                   .of = of});
    out.push_back({.id = name + ".product",
                   .before = [at](Stage& s) { s.rims[at].content.product = "GH999"; },
                   .of = of});
    out.push_back({.id = name + ".measurements",
                   .before =
                       [at](Stage& s) {
                         const std::uint32_t index = s.rims[at].content.golden[1].index;
                         flip(s.measurement(index), 3);
                       },
                   .of = of});
    out.push_back({.id = name + ".measurements",  // one that is not there
                   .before = [at](Stage& s) { s.rims[at].content.golden.back().index = 200; },
                   .of = of});
  }
  return out;
}

std::vector<Case> ocsp_cases() {
  std::vector<Case> out;
  for (const Role role : {Role::kIdentity, Role::kProvisioner, Role::kDevice, Role::kRimCa,
                          Role::kRimIssuer, Role::kRimSigner}) {
    const auto said = [role](const std::function<void(StageOcsp&)>& edit) {
      return [=](Stage& s) { edit(s.ocsp[role]); };
    };
    // One kind of device shows it for all certificates.
    const auto of = [role](Arch arch) { return role == Role::kDevice || arch == Arch::kHopper; };
    out.push_back({.id = "ocsp.signature",
                   .before = said([](auto& o) { o.signed_by = Role::kFirmware; }),
                   .of = of});
    out.push_back({.id = "ocsp.this_update",
                   .before = said([](auto& o) { o.this_update = {kStageNow.seconds + 1}; }),
                   .of = of});
    out.push_back({.id = "ocsp.next_update",
                   .before = said([](auto& o) { o.next_update = UnixTime{kStageNow.seconds - 1}; }),
                   .of = of});
    out.push_back({.id = "ocsp.revocation",
                   .before = said([](auto& o) { o.status = x509::OcspStatus::kRevoked; }),
                   .of = of});
    out.push_back({.id = "ocsp.revocation",
                   .before = said([](auto& o) { o.status = x509::OcspStatus::kUnknown; }),
                   .of = of});
  }
  return out;
}

std::vector<Case> policy_cases() {
  return {
      {.id = "report_data.expected",
       .ask = [](Asked& a) { a.expected.report_data = std::vector<Buffer>{Buffer(32)}; }},
      {.id = "measurement.expected",
       .ask = [](Asked& a) { a.expected.measurement = std::vector<Buffer>{Buffer(48)}; }},
      {.id = "workload.expected",
       .ask = [](Asked& a) { a.expected.workload = std::vector<Buffer>{Buffer(32)}; }},
      {.id = "device.debug",
       .before =
           [](Stage& s) {
             s.certificate(Role::kRimIssuer).name = "Own Reference Value L3 001 Debug Only";
           }},
      {.id = "product.accepted",
       .ask =
           [](Asked& a) {
             a.policy.refused_products = {"HOPPER", "BLACKWELL", "LS10"};
           }},
      {.id = "chip.accepted",
       .ask = [](Asked& a) { a.policy.chips = std::vector<Buffer>{Buffer(8, 1)}; }},
      {.id = "platform.development", .ask = [](Asked& a) { a.policy.allow_development = false; }},
  };
}

std::vector<Case> failing_cases() {
  std::vector<Case> out;
  for (auto* list : {form_cases, device_cases, rim_cases, ocsp_cases, policy_cases}) {
    const std::vector<Case> more = list();
    out.insert(out.end(), more.begin(), more.end());
  }
  return out;
}

std::vector<Case> absent_cases() {
  std::vector<Case> out = {
      {.id = "device_chain.present", .after = [](Made& m) { m.device.certificates.clear(); }},
      {.id = "device_chain.present",
       .after =
           [](Made& m) {
             std::string& pem = m.device.certificates;
             pem.resize(pem.rfind("-----BEGIN"));  // without the root
           }},
      {.id = "driver_rim.present",
       .after = [](Made& m) { m.drop("driver_rim.xml"); },
       .of = is_gpu},
      {.id = "vbios_rim.present", .after = [](Made& m) { m.drop("vbios_rim.xml"); }},
      {.id = "vbios_rim.present",
       .before = [](Stage& s) { s.rims[0].content.version = "96.00.5E.00.02"; }},
  };
  for (const Role role : {Role::kIdentity, Role::kProvisioner, Role::kDevice, Role::kRimCa,
                          Role::kRimIssuer, Role::kRimSigner}) {
    out.push_back({.id = "ocsp.present",
                   .before = [role](Stage& s) { s.ocsp.erase(role); },
                   .of = [role](Arch arch) { return role == Role::kDevice || is_gpu(arch); }});
  }
  out.push_back({.id = "rim_chain.present",
                 .before = [](Stage& s) { s.certificate(Role::kRimSigner).issuer = "Nobody"; }});
  return out;
}

TEST(NvidiaChecks, TheGoodDeviceOfEveryKindPassesEveryCheck) {
  for (const Arch arch : kArchs) {
    SCOPED_TRACE(arch_name(arch));
    const Appraisal a = run({.id = ""}, arch);
    EXPECT_EQ(a.failed(), Ids{});
    EXPECT_EQ(a.verdict, Verdict::kAccepted) << attest::summary(a);
    EXPECT_TRUE(a.development);
    for (const attest::Check& c : a.checks) {
      if (arch == Arch::kLs10 && c.not_done == attest::NotDone::kNotAsked) {
        EXPECT_TRUE(std::string_view(c.info->id).starts_with("nvidia.driver_rim.")) << c.info->id;
        continue;
      }
      EXPECT_EQ(c.outcome, Outcome::kPassed) << c.info->id << " " << c.found << c.expected;
    }
  }
}

// One case of one kind of device.
struct ArchCase {
  Arch arch;
  Case wrong;
  std::size_t number = 0;

  [[nodiscard]] std::string id() const { return "nvidia." + wrong.id; }
};

std::vector<ArchCase> of_every_arch(const std::vector<Case>& cases) {
  std::vector<ArchCase> out;
  for (const Arch arch : kArchs) {
    for (const Case& c : cases) {
      if (c.of(arch)) out.push_back({arch, c, out.size()});
    }
  }
  return out;
}

std::string case_name(const testing::TestParamInfo<ArchCase>& info) {
  std::string out = arch_name(info.param.arch) + ("__" + info.param.id()) + "__" +
                    std::to_string(info.param.number);
  std::ranges::replace(out, '.', '_');
  return out;
}

void PrintTo(const ArchCase& c, std::ostream* out) { *out << arch_name(c.arch) << " " << c.id(); }

class WrongNvidiaFact : public testing::TestWithParam<ArchCase> {};

TEST_P(WrongNvidiaFact, FailsItsCheckAlone) {
  const Appraisal a = run(GetParam().wrong, GetParam().arch);
  EXPECT_EQ(a.failed(), Ids{GetParam().id()}) << attest::summary(a);
  EXPECT_EQ(a.verdict, Verdict::kRefused);
}

INSTANTIATE_TEST_SUITE_P(Nvidia, WrongNvidiaFact, testing::ValuesIn(of_every_arch(failing_cases())),
                         case_name);

class AbsentNvidiaDocument : public testing::TestWithParam<ArchCase> {};

TEST_P(AbsentNvidiaDocument, LeavesTheVerdictOpen) {
  const Appraisal a = run(GetParam().wrong, GetParam().arch);
  EXPECT_EQ(a.failed(), Ids{}) << attest::summary(a);
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  ASSERT_NE(a.check(GetParam().id()), nullptr);
  EXPECT_EQ(a.check(GetParam().id())->not_done, attest::NotDone::kAbsent);
}

INSTANTIATE_TEST_SUITE_P(Nvidia, AbsentNvidiaDocument,
                         testing::ValuesIn(of_every_arch(absent_cases())), case_name);

// Both chains end in one root here, so that these two fail together.
TEST(NvidiaChecks, AnotherRoot__nvidia_device_chain_root__nvidia_rim_chain_root__FailTogether) {
  for (const Arch arch : kArchs) {
    const Stage s = good_stage(arch);
    const Made m = make(s);
    const Appraisal a = judge(m, good_stage(arch, "two"), {});
    EXPECT_EQ(a.failed(), (Ids{"nvidia.device_chain.root", "nvidia.rim_chain.root"}));
    EXPECT_EQ(a.verdict, Verdict::kRefused);
  }
}

// A field of the good Hopper device, and a value that is not its own.
struct Field {
  const char* id;
  std::string good;
  std::string bad;
};

void PrintTo(const Field& field, std::ostream* out) { *out << field.id; }

const Field kFields[] = {{"nvidia.evidence.devices", "1", "2"},
                         {"nvidia.device.architecture", "HOPPER", "LS10"},
                         {"nvidia.report.driver_version", "570.1.2", "570.1.3"},
                         {"nvidia.report.vbios_version", "96.00.5E.00.01", "96.00.5E.00.02"},
                         {"nvidia.report.project", "1010", "1011"},
                         {"nvidia.report.project_sku", "0200", "0201"},
                         {"nvidia.report.chip_sku", "882", "883"},
                         {"nvidia.report.firmware_id", "", std::string(96, '0')},
                         {"nvidia.report.nvdec0_enabled", "true", "false"},
                         {"nvidia.report.protected_pcie", "false", "true"},
                         {"nvidia.report.mode", "SPT", "PPCIE"}};

class NvidiaField : public testing::TestWithParam<Field> {};

TEST_P(NvidiaField, OfEveryDeviceMustHaveAnAcceptedValue) {
  const Stage s = good_stage(Arch::kHopper);
  const Made m = make(s);
  const auto judged = [&](const std::string& value) {
    Asked asked;
    asked.policy.accepted_values[GetParam().id] = {value};
    return judge(m, s, asked).failed();
  };
  const std::string good = GetParam().good.empty() ? to_hex(*s.device.fwid) : GetParam().good;
  EXPECT_EQ(judged(good), Ids{});
  EXPECT_EQ(judged(GetParam().bad), Ids{GetParam().id});
}

INSTANTIATE_TEST_SUITE_P(Nvidia, NvidiaField, testing::ValuesIn(kFields), [](const auto& c) {
  std::string id = c.param.id;
  std::ranges::replace(id, '.', '_');
  return "p__" + id + "__";
});

TEST(NvidiaChecks, EveryFieldIsAskedForHere) {
  for (const auto* scheme : tee::all_schemes()) {
    if (std::string_view(scheme->info().name) != "nvidia") continue;
    for (const attest::FieldInfo& field : scheme->info().fields) {
      EXPECT_EQ(std::ranges::count(kFields, std::string_view(field.id),
                                   [](const Field& f) { return std::string_view(f.id); }),
                1)
          << field.id;
    }
  }
}

}  // namespace
}  // namespace ward::nvidia
