// Composite evidence: several attesters, one request, one verdict that names the part that failed.
#include "verifier/composite.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tee/nvidia/made/stage.h"
#include "tee/tpm/made/stage.h"
#include "test/dcap_checks/platform_fixture.h"
#include "test/snp_checks/platform_fixture.h"

namespace ward::verifier {
namespace {

using attest::Expected;
using attest::Outcome;
using attest::Unchecked;
using attest::Verdict;
using soft::fixture::kNow;
using Ids = std::vector<std::string>;

Buffer digest_of(std::string_view text) {
  const auto digest = crypto::sha384(as_bytes(text));
  return {digest.begin(), digest.end()};
}

std::array<std::uint8_t, 64> padded(const Buffer& binding) {
  std::array<std::uint8_t, 64> out{};
  std::ranges::copy(binding, out.begin());
  return out;
}

// Device is one attester's evidence and what is expected of it.
struct Device {
  std::string name;
  Buffer evidence;
  attest::Expectations expected;
  attest::Collateral beside{};
};

// Machine is a set of devices with all that a relying party has of their makers.
struct Machine {
  std::vector<Device> devices;
  attest::Collateral collateral;
  attest::Policy policy{.name = "composite", .allow_development = true};
  std::map<std::string, std::size_t> required;

  void add_quote(const soft::fixture::Face& face, const char* name,
                 const std::array<std::uint8_t, 64>& field) {
    soft::fixture::Stage s = soft::fixture::good_stage(face);
    s.report_data = field;
    s.td.report_data = field;
    add(name, soft::fixture::make(s), s.expectations());
  }

  void add_snp(const char* name, const std::array<std::uint8_t, 64>& field) {
    soft::snp_fixture::Stage s = soft::snp_fixture::good_stage(soft::snp_fixture::kFaces[0]);
    s.world.report.report_data = field;
    const soft::snp_fixture::Made made = soft::snp_fixture::make(s);
    std::ranges::copy(made.documents.documents, std::back_inserter(collateral.documents));
    devices.push_back({name, made.whole(), s.expectations()});
  }

  void add_tpm(const char* name, Bytes extra_data) {
    tpm::stage::Stage s = tpm::stage::good_stage(tpm::stage::kFaces[0]);
    s.quote.extra_data = to_buffer(extra_data);
    s.quote.clock += devices.size();  // none is another's octets
    const tpm::stage::Made made = tpm::stage::make(s);
    std::ranges::copy(made.documents.documents, std::back_inserter(collateral.documents));
    devices.push_back({name, made.octets(), tpm::stage::expectations_of(s)});
  }

  nvidia::Made made_gpu(nvidia::Arch arch, Bytes nonce) {
    nvidia::Stage s = nvidia::good_stage(arch);
    std::ranges::copy(nonce, s.report.nonce.begin());
    nvidia::Made made = nvidia::make(s);
    std::ranges::copy(made.documents.documents, std::back_inserter(collateral.documents));
    return made;
  }

  void add_gpu_and_switch(const char* name, Bytes nonce) {
    const auto devices_of_list = {made_gpu(nvidia::Arch::kHopper, nonce).device,
                                  made_gpu(nvidia::Arch::kLs10, nonce).device};
    devices.push_back({name,
                       to_buffer(as_bytes(*nvidia::write_evidence_json(devices_of_list))),
                       {Unchecked{}, Unchecked{}, Unchecked{}}});
  }

  void add_gpu(const char* name, Bytes nonce) {
    const nvidia::Made made = made_gpu(nvidia::Arch::kHopper, nonce);
    const auto record = crypto::sha384(nvidia::measurement_record(made.device.report));
    devices.push_back({name,
                       to_buffer(as_bytes(*nvidia::write_evidence_json({made.device}))),
                       {.report_data = Unchecked{},
                        .measurement = std::vector<Buffer>{to_buffer(record)},
                        .workload = Unchecked{}}});
  }

  // judge appraises them; `binding` is expected of all parts.
  [[nodiscard]] Result<CompositeAppraisal> judge(const Expected& binding) const {
    const Verifier verifier(tee::all_schemes(), roots(), policy);
    std::vector<PartRequest> parts;
    for (const Device& device : devices) {
      parts.push_back({.name = device.name,
                       .evidence = device.evidence,
                       .binding = binding,
                       .measurement = device.expected.measurement,
                       .workload = device.expected.workload,
                       .beside = device.beside});
    }
    return appraise_composite(
        verifier, {.parts = parts, .collateral = collateral, .now = kNow, .required = required});
  }

  [[nodiscard]] CompositeAppraisal judged(const Expected& binding) const { return *judge(binding); }

  static std::vector<attest::Anchor> roots() {
    const auto keys = soft::fixture::make_keys("one");
    return {{.spki_sha256 = crypto::sha256(keys.root.public_key().to_spki()),
             .name = "development",
             .development = true},
            soft::snp_fixture::anchor_of(soft::snp_fixture::keys_of("one")),
            tpm::stage::anchor_of(tpm::stage::good_stage(tpm::stage::kFaces[0])),
            nvidia::stage_anchor(nvidia::good_stage(nvidia::Arch::kHopper))};
  }

 private:
  void add(const char* name, const soft::fixture::Made& made, attest::Expectations expected) {
    std::ranges::copy(made.documents.documents, std::back_inserter(collateral.documents));
    devices.push_back({name, dcap::write_quote(made.parts), std::move(expected)});
  }
};

const Buffer& binding() {
  static const Buffer kBinding = digest_of("nonce and key");
  return kBinding;
}

Expected expected_binding() { return std::vector<Buffer>{binding()}; }

Machine good_machine() {
  Machine out;
  out.add_snp("cpu", padded(binding()));
  out.add_quote(soft::fixture::kSgx, "helper", padded(binding()));
  out.add_quote(soft::fixture::kTdx10, "other", padded(binding()));
  return out;
}

// A confidential machine with its vTPM and its GPU: each field holds as much of the binding as the
// KBS protocol puts there.
Machine machine_with_devices(const Buffer& of_tpm, const Buffer& of_gpu) {
  Machine out;
  out.add_snp("cpu", padded(binding()));
  out.add_tpm("tpm", Bytes(of_tpm).first(32));
  out.add_gpu("gpu", Bytes(of_gpu).first(32));
  out.required = {{"snp", 1}, {"tpm", 1}, {"nvidia", 1}};
  return out;
}

Ids failed(const CompositeAppraisal& a) {
  Ids out;
  for (const attest::Check& check : a.checks) {
    if (check.outcome == Outcome::kFailed) out.emplace_back(check.info->id);
  }
  return out;
}

const attest::Check& check_of(const CompositeAppraisal& a, std::string_view id) {
  return *std::ranges::find_if(a.checks,
                               [&](const attest::Check& check) { return check.info->id == id; });
}

TEST(Composite, PartsOfOneBindingAreAcceptedInOneVerdict) {
  Machine m = good_machine();
  m.required = {{"snp", 1}, {"sgx", 1}};
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << summary(a);
  EXPECT_EQ(summary(a), "accepted");
  EXPECT_TRUE(a.development);
  ASSERT_EQ(a.parts.size(), 3U);
  for (const PartAppraisal& part : a.parts) {
    EXPECT_EQ(part.appraisal.verdict, Verdict::kAccepted) << part.name;
    EXPECT_TRUE(part.appraisal.unchecked.empty()) << part.name;
  }
  EXPECT_EQ(m.judged(Unchecked{}).verdict, Verdict::kAccepted);
}

TEST(Composite, APartOfAnotherBindingIsNamedWithItsOwnCheck__composite_part_verdict__) {
  Machine m = good_machine();
  m.devices.pop_back();
  m.add_quote(soft::fixture::kTdx10, "other", padded(digest_of("another nonce")));
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(failed(a), Ids{"composite.part.verdict"});
  EXPECT_EQ(a.parts[2].appraisal.failed(), Ids{"tdx.report_data.expected"});
  EXPECT_EQ(summary(a), "refused: other: refused: tdx.report_data.expected");
}

TEST(Composite, ATpmAndAGpuBesideTheCpuAreBoundToTheSameNonceAndKey) {
  const Machine m = machine_with_devices(binding(), binding());
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << summary(a);
  ASSERT_EQ(a.parts.size(), 3U);
  EXPECT_EQ(a.parts[1].appraisal.tee, "tpm");
  EXPECT_EQ(a.parts[2].appraisal.tee, "nvidia");
  EXPECT_EQ(m.judged(Unchecked{}).verdict, Verdict::kAccepted);
}

// The parts share their collateral: the log of one is not the other's to be refused by.
TEST(Composite, ATdAndATpmHaveALogEach) {
  Machine m;
  m.add_quote(soft::fixture::kTdx15, "cpu", padded(binding()));
  m.add_tpm("tpm", Bytes(binding()).first(32));
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kAccepted) << summary(a);
  for (const PartAppraisal& part : a.parts) {
    const attest::Check* form = part.appraisal.check(part.appraisal.tee + ".event_log.form");
    ASSERT_NE(form, nullptr);
    EXPECT_EQ(form->outcome, Outcome::kPassed) << part.name;
  }
}

TEST(Composite, ATpmOrAGpuOfAnotherNonceIsNamed__composite_part_verdict__) {
  const Buffer other = digest_of("another nonce");
  const Machine with_tpm = machine_with_devices(other, binding());
  const Machine with_gpu = machine_with_devices(binding(), other);
  EXPECT_EQ(summary(with_tpm.judged(expected_binding())),
            "refused: tpm: refused: tpm.report_data.expected");
  EXPECT_EQ(summary(with_gpu.judged(expected_binding())),
            "refused: gpu: refused: nvidia.report_data.expected");
  for (const Machine* m : {&with_tpm, &with_gpu}) {
    EXPECT_EQ(failed(m->judged(expected_binding())), Ids{"composite.part.verdict"});
    EXPECT_EQ(failed(m->judged(Unchecked{})), Ids{"composite.binding.same"});
  }
}

TEST(Composite, ADamagedTpmOrGpuRefusesTheWholeByItsOwnCheck) {
  Machine m = machine_with_devices(binding(), binding());
  m.devices[1].evidence[40] ^= 1U;  // within TPMS_ATTEST
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_TRUE(summary(a).starts_with("refused: tpm: refused: tpm.")) << summary(a);
  EXPECT_EQ(a.parts[2].appraisal.verdict, Verdict::kAccepted);
  m = machine_with_devices(binding(), binding());
  m.devices.erase(m.devices.begin() + 1);
  EXPECT_EQ(failed(m.judged(expected_binding())), Ids{"composite.parts.required"});
}

// A quote over the whole digest is not what the protocol asks of a TPM: it is not taken for it.
TEST(Composite, OfATpmTheFieldHasThirtyTwoOctets) {
  Machine m;
  m.add_snp("cpu", padded(binding()));
  m.add_tpm("tpm", binding());
  EXPECT_EQ(summary(m.judged(expected_binding())),
            "refused: tpm: refused: tpm.report_data.expected");
}

TEST(Composite, WhereNobodyNamesABindingPartsAreComparedWithEachOther__composite_binding_same__) {
  Machine m = good_machine();
  m.devices.pop_back();
  m.add_quote(soft::fixture::kTdx10, "other", padded(digest_of("another nonce")));
  const CompositeAppraisal a = m.judged(Unchecked{});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(failed(a), Ids{"composite.binding.same"});
  EXPECT_EQ(check_of(a, "composite.binding.same").found,
            "other: " + to_hex(padded(digest_of("another nonce"))));
  EXPECT_EQ(a.parts[0].appraisal.unchecked, Ids{"report_data"});
}

// A shorter field of another part could not hold what stands there.
TEST(Composite, WhatStandsBehindADigestBindsNothing__composite_binding_same__) {
  std::array<std::uint8_t, 64> field = padded(binding());
  field[63] = 1;
  Machine m;
  m.add_snp("cpu", field);
  m.add_quote(soft::fixture::kSgx, "helper", field);
  const CompositeAppraisal a = m.judged(Unchecked{});
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(failed(a), Ids{"composite.binding.same"});
  EXPECT_EQ(failed(m.judged(expected_binding())), Ids{"composite.part.verdict"});
}

TEST(Composite, TheSameEvidenceTwiceIsOneDevice__composite_parts_distinct__) {
  Machine m = good_machine();
  m.devices.push_back(m.devices[1]);
  m.devices.back().name = "helper again";
  m.required = {{"sgx", 2}};
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(failed(a), Ids{"composite.parts.distinct"});
  EXPECT_EQ(check_of(a, "composite.parts.distinct").found, "helper and helper again");
}

// Fresh signatures make other octets.
TEST(Composite, TwoReportsOfOneChipAreOneDevice__composite_parts_distinct__) {
  Machine m;
  m.add_snp("gpu0", padded(binding()));
  m.add_snp("gpu1", padded(binding()));
  ASSERT_NE(m.devices[0].evidence, m.devices[1].evidence);
  EXPECT_EQ(failed(m.judged(expected_binding())), Ids{"composite.parts.distinct"});
}

// Its list names no chips, since a policy's list of chips is for single devices.
TEST(Composite, AGpuInAListAndTwoQuotesOfOneTpmAreOneDeviceEach__composite_parts_distinct__) {
  const Bytes nonce = Bytes(binding()).first(32);
  Machine gpus = machine_with_devices(binding(), binding());
  gpus.add_gpu_and_switch("list", nonce);
  gpus.required = {{"nvidia", 3}};
  const CompositeAppraisal a = gpus.judged(expected_binding());
  EXPECT_EQ(failed(a), (Ids{"composite.parts.distinct", "composite.parts.required"}));
  EXPECT_EQ(check_of(a, "composite.parts.required").found, "2 of nvidia");
  Machine tpms = machine_with_devices(binding(), binding());
  tpms.add_tpm("again", nonce);
  ASSERT_NE(tpms.devices[1].evidence, tpms.devices.back().evidence);
  EXPECT_EQ(failed(tpms.judged(expected_binding())), Ids{"composite.parts.distinct"});
}

TEST(Composite, TheDevicesOfOneListAreCounted) {
  Machine m;
  m.add_snp("cpu", padded(binding()));
  m.add_gpu_and_switch("list", Bytes(binding()).first(32));
  m.required = {{"nvidia", 2}};
  EXPECT_EQ(m.judged(expected_binding()).verdict, Verdict::kAccepted);
}

// Two machines whose software asked for evidence without a nonce have nothing in common.
TEST(Composite, NoBindingIsNotTheSameBinding__composite_binding_same__) {
  const Buffer none(32, 0);
  Machine m;
  m.add_snp("cpu", padded(none));
  m.add_quote(soft::fixture::kSgx, "helper", padded(none));
  EXPECT_EQ(failed(m.judged(Unchecked{})), Ids{"composite.binding.same"});
}

TEST(Composite, DocumentsBesideAPartAreThatPartsAlone) {
  Machine m;
  m.add_snp("cpu", padded(binding()));
  m.add_quote(soft::fixture::kSgx, "helper", padded(binding()));
  attest::Collateral all = std::move(m.collateral);
  m.collateral = {};
  m.devices[0].beside = all;
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.parts[0].appraisal.verdict, Verdict::kAccepted) << summary(a);
  EXPECT_EQ(a.parts[1].appraisal.verdict, Verdict::kUndetermined);
  m.devices[1].beside = all;
  EXPECT_EQ(m.judged(expected_binding()).verdict, Verdict::kAccepted);
}

TEST(Composite, APartThatIsLeftOutIsMissedWhereItIsRequired__composite_parts_required__) {
  Machine m = good_machine();
  m.required = {{"sgx", 1}, {"tdx", 2}};
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kRefused);
  EXPECT_EQ(failed(a), Ids{"composite.parts.required"});
  const attest::Check& check = check_of(a, "composite.parts.required");
  EXPECT_EQ(check.found, "1 of sgx, 1 of tdx");
  EXPECT_EQ(check.expected, "at least 1 of sgx, at least 2 of tdx");
}

TEST(Composite, ADamagedPartRefusesTheWholeWhereverItStands) {
  for (std::size_t at = 0; at < 3; ++at) {
    Machine m = good_machine();
    m.devices[at].evidence[100] ^= 1U;
    const CompositeAppraisal a = m.judged(expected_binding());
    EXPECT_EQ(a.verdict, Verdict::kRefused) << at;
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(a.parts[i].appraisal.verdict, i == at ? Verdict::kRefused : Verdict::kAccepted);
    }
    EXPECT_EQ(summary(a).find(m.devices[at].name + ": refused"), std::string("refused: ").size());
  }
}

TEST(Composite, APartWithoutItsCollateralLeavesItOpenAndAFailureBeatsThat) {
  Machine m = good_machine();
  std::erase_if(m.collateral.documents, [](const attest::Document& d) {
    return d.name == "vcek.der" || d.name == "crl.der";
  });
  EXPECT_EQ(m.judged(expected_binding()).verdict, Verdict::kUndetermined);
  std::swap(m.devices[0], m.devices[1]);
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kUndetermined);
  EXPECT_EQ(check_of(a, "composite.part.verdict").not_done, attest::NotDone::kAbsent);
  m.devices[2].evidence[100] ^= 1U;
  EXPECT_EQ(m.judged(expected_binding()).verdict, Verdict::kRefused);
}

TEST(Composite, InOneItIsTheFirstPartsAppraisalWithTheWholeVerdict) {
  Machine m = good_machine();
  m.devices[2].evidence[100] ^= 1U;
  m.devices[1].expected.measurement = Unchecked{};
  const CompositeAppraisal a = m.judged(expected_binding());
  const attest::Appraisal one = in_one(a);
  EXPECT_EQ(one.tee, "snp");
  EXPECT_EQ(one.verdict, Verdict::kRefused);
  EXPECT_EQ(one.failed(), Ids{"composite.part.verdict"});
  EXPECT_EQ(one.facts.measurement, a.parts[0].appraisal.facts.measurement);
  EXPECT_EQ(one.unchecked, Ids{"helper.measurement"});
  EXPECT_FALSE(one.genuine);
  const Machine good = good_machine();
  EXPECT_EQ(in_one(good.judged(expected_binding())).verdict, Verdict::kAccepted);
}

TEST(Composite, AloneAPartIsWhatItIsWithoutACompositeAround) {
  Machine m;
  m.add_snp("cpu", padded(binding()));
  const CompositeAppraisal a = m.judged(expected_binding());
  EXPECT_EQ(a.verdict, Verdict::kAccepted);
  EXPECT_EQ(in_one(a).failed(), Ids{});
}

TEST(Composite, WhatCannotBeAppraisedIsAnErrorThatSaysWhichPart) {
  Machine m = good_machine();
  EXPECT_EQ(Machine{}.judge(expected_binding()).error().code(), Errc::kMalformed);
  for (const std::size_t size : {std::size_t{0}, kMinBinding - 1, kMaxBinding + 1}) {
    EXPECT_EQ(m.judge(std::vector<Buffer>{Buffer(size, 1)}).error().code(), Errc::kMalformed);
  }
  m.devices[1].evidence = to_buffer(as_bytes("no evidence"));
  const auto unknown = m.judge(expected_binding());
  EXPECT_EQ(unknown.error().code(), Errc::kUnsupported);
  EXPECT_EQ(unknown.error().value(), 2U);
  Machine many;
  many.devices.resize(kMaxParts + 1);
  EXPECT_EQ(many.judge(expected_binding()).error().code(), Errc::kLimit);
}

TEST(Composite, AFieldHoldsAsMuchOfABindingAsItHasRoomFor) {
  const attest::SchemeInfo wide{.report_data_size = 64};
  const attest::SchemeInfo narrow{.report_data_size = 32};
  const attest::SchemeInfo any{.report_data_size = 0};
  const attest::SchemeInfo less{.report_data_size = 0, .binding_size = 32};
  EXPECT_EQ(field_of(binding(), wide), to_buffer(padded(binding())));
  EXPECT_EQ(field_of(binding(), narrow), to_buffer(Bytes(binding()).first(32)));
  EXPECT_EQ(field_of(binding(), any), binding());
  EXPECT_EQ(field_of(binding(), less), to_buffer(Bytes(binding()).first(32)));
}

TEST(Composite, NamesAreTheTeesWithNumbers) {
  const Machine m = good_machine();
  const Verifier verifier(tee::all_schemes(), {}, {});
  const std::vector<Bytes> all = {m.devices[1].evidence, m.devices[0].evidence,
                                  m.devices[1].evidence};
  EXPECT_EQ(*names_of(verifier, all), (Ids{"sgx0", "snp0", "sgx1"}));
  const Bytes none = as_bytes("no evidence");
  EXPECT_EQ(names_of(verifier, {&none, 1}).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::verifier
