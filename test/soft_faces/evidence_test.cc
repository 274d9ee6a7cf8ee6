#include "tee/snp/evidence.h"

#include <cctype>
#include <ostream>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "test/soft_faces/machine_fixture.h"

namespace ward::soft {

// For gtest, which looks here by the type's namespace.
void PrintTo(const Face* face, std::ostream* out);

void PrintTo(const Face* face, std::ostream* out) { *out << face->name; }

namespace {

using faces_fixture::good_launch;
using faces_fixture::judge;
using faces_fixture::Judging;
using faces_fixture::kReportData;
using faces_fixture::make_platform;
using faces_fixture::start;

const Platform& machine() {
  static const auto kMachine = make_platform();
  return *kMachine;
}

// All faces, each under its name.
class EveryFace : public testing::TestWithParam<const Face*> {};

std::vector<const Face*> all() {
  std::vector<const Face*> out;
  for (const Face& face : faces())
    out.push_back(&face);
  return out;
}

std::string name_of(const testing::TestParamInfo<const Face*>& info) {
  std::string out = info.param->name;
  for (char& c : out) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Soft, EveryFace, testing::ValuesIn(all()), name_of);

TEST_P(EveryFace, IsAcceptedWithRootAndSwitchAndRefusedWithoutEither) {
  const auto guest = start(machine(), *GetParam());
  const auto evidence = guest->evidence(kReportData);
  ASSERT_TRUE(evidence);
  Judging how;
  how.expected = faces_fixture::expectations(*guest, good_launch());
  const auto good = judge(*guest, evidence->octets, evidence->documents, how);
  EXPECT_EQ(good.verdict, attest::Verdict::kAccepted) << attest::summary(good);
  how.root = false;
  const auto no_root = judge(*guest, evidence->octets, evidence->documents, how);
  EXPECT_EQ(no_root.verdict, attest::Verdict::kRefused);
  how.root = true;
  how.allow = false;
  const auto not_allowed = judge(*guest, evidence->octets, evidence->documents, how);
  EXPECT_EQ(not_allowed.verdict, attest::Verdict::kRefused);
  EXPECT_EQ(not_allowed.failed().size(), 1U) << attest::summary(not_allowed);
}

TEST_P(EveryFace, SaysInItsOwnFieldsWhatTheLauncherStated) {
  const auto wrong = [&](auto change) {
    const auto guest = start(machine(), *GetParam());
    const auto evidence = guest->evidence(kReportData);
    Judging how;
    how.expected = faces_fixture::expectations(*guest, good_launch());
    change(how.expected);
    const auto a = judge(*guest, evidence->octets, evidence->documents, how);
    return a.verdict == attest::Verdict::kRefused && a.failed().size() == 1;
  };
  const auto flip = [](attest::Expected& e) { std::get<std::vector<Buffer>>(e)[0][0] ^= 1U; };
  EXPECT_TRUE(wrong([&](attest::Expectations& e) { flip(e.report_data); }));
  EXPECT_TRUE(wrong([&](attest::Expectations& e) { flip(e.measurement); }));
  EXPECT_TRUE(wrong([&](attest::Expectations& e) { flip(e.workload); }));
}

TEST_P(EveryFace, MeasuresTheImageAlone) {
  Launch other_image = good_launch();
  other_image.runtime.back() ^= 1U;
  Launch other_workload = good_launch();
  other_workload.workload[0] ^= 1U;
  other_workload.canonical = faces_fixture::canonical("/app/other");
  const Buffer good = start(machine(), *GetParam())->launch_measurement();
  EXPECT_NE(start(machine(), *GetParam(), other_image)->launch_measurement(), good);
  EXPECT_EQ(start(machine(), *GetParam(), other_workload)->launch_measurement(), good);
}

TEST_P(EveryFace, ShowsDebug) {
  Launch debug = good_launch();
  debug.debug = true;
  const auto guest = start(machine(), *GetParam(), debug);
  const auto evidence = guest->evidence(kReportData);
  Judging how;
  how.expected = faces_fixture::expectations(*guest, debug);
  EXPECT_EQ(judge(*guest, evidence->octets, evidence->documents, how).verdict,
            attest::Verdict::kRefused);
  how.debug = true;
  EXPECT_EQ(judge(*guest, evidence->octets, evidence->documents, how).verdict,
            attest::Verdict::kAccepted);
}

TEST_P(EveryFace, IsTheSameWorkloadOnAnotherDevice) {
  const auto other = make_platform("other device");
  EXPECT_EQ(start(*other, *GetParam())->launch_measurement(),
            start(machine(), *GetParam())->launch_measurement());
}

// The JSON is what Trustee's verifiers take, and says the same as the octets.
TEST_P(EveryFace, GivesPrimaryEvidence) {
  const auto guest = start(machine(), *GetParam());
  const auto evidence = guest->evidence(kReportData);
  const auto json = codec::parse_json(as_bytes(evidence->primary));
  ASSERT_TRUE(json);
  if (guest->tee() == std::string_view("snp")) {
    const auto parsed = snp::parse_evidence(as_bytes(evidence->primary));
    const auto direct = snp::parse_evidence(evidence->octets);
    const auto* a = std::get_if<snp::Evidence>(&parsed);
    const auto* b = std::get_if<snp::Evidence>(&direct);
    ASSERT_TRUE(a != nullptr && b != nullptr);
    EXPECT_EQ(a->report, b->report);
    ASSERT_EQ(a->table.size(), 3U);
    for (std::size_t i = 0; i < a->table.size(); ++i) {
      EXPECT_EQ(a->table[i].kind, b->table[i].kind);
      EXPECT_EQ(a->table[i].data, b->table[i].data);
    }
    return;
  }
  EXPECT_EQ(json->find("quote")->as_string(), to_base64(evidence->octets, Base64::kStandard));
  if (guest->tee() == std::string_view("tdx")) {
    EXPECT_EQ(json->find("cc_eventlog")->as_string(),
              to_base64(evidence->documents.front().bytes, Base64::kStandard));
  }
}

TEST(Faces, AreFoundByName) {
  EXPECT_EQ(find_face("tdx-v5-1.5")->tee, std::string_view("tdx"));
  for (const char* name : {"", "soft-sgx", "sgx-v3", "SGX", "tpm"})
    EXPECT_EQ(find_face(name), nullptr) << name;
}

TEST(Faces, StandInTheReadme) {
  const std::string readme = test::read_text(test::source_dir() / "tee/soft/README.md");
  for (const Face& face : faces()) {
    const std::string row =
        std::string("| `") + face.name + "` | " + face.text + " | " + face.tee + " |\n";
    EXPECT_NE(readme.find(row), std::string::npos) << row;
  }
}

TEST(Launch, IsRefusedWithoutAnImageOrAProcessor) {
  crypto::SeededRng rng(as_bytes("launch"));
  const auto intel = *Platform::create(faces_fixture::device_root("a"),
                                       faces_fixture::intel_parts(faces_fixture::maker()), {});
  const auto amd = *Platform::create(faces_fixture::device_root("a"), {},
                                     faces_fixture::amd_parts(faces_fixture::maker()));
  const auto code = [&](const Platform& platform, const char* face, Launch what) {
    return launch(platform, *find_face(face), std::move(what), rng).error().code();
  };
  EXPECT_EQ(code(*intel, "snp", good_launch()), Errc::kUnavailable);
  EXPECT_EQ(code(*amd, "sgx", good_launch()), Errc::kUnavailable);
  EXPECT_EQ(code(*amd, "tdx", good_launch()), Errc::kUnavailable);
  Launch no_image = good_launch();
  no_image.runtime.clear();
  EXPECT_EQ(code(*intel, "sgx", no_image), Errc::kMalformed);
  Launch no_map = good_launch();
  no_map.canonical = {0x80};
  EXPECT_EQ(code(*intel, "tdx", no_map), Errc::kMalformed);
}

TEST(Platform, IsRefusedWithAnothersCertificates) {
  const auto make = [](auto change) {
    IntelParts intel = faces_fixture::intel_parts(faces_fixture::maker());
    AmdParts amd = faces_fixture::amd_parts(faces_fixture::maker());
    change(intel, amd);
    return Platform::create(faces_fixture::device_root("a"), std::move(intel), std::move(amd));
  };
  EXPECT_TRUE(make([](IntelParts&, AmdParts&) {}));
  const auto refused = [&](auto change) { return make(change).error().code(); };
  const auto& m = faces_fixture::maker();
  EXPECT_EQ(
      refused([&](IntelParts& p, AmdParts&) { p.pck = faces_fixture::copy_of(m.dcap.pck_ca); }),
      Errc::kMalformed);
  EXPECT_EQ(refused([&](IntelParts& p, AmdParts&) { p.pck_chain_pem = m.sgx.root_pem; }),
            Errc::kMalformed);
  EXPECT_EQ(refused([](IntelParts& p, AmdParts&) { p.td_qe_identity.levels.clear(); }),
            Errc::kMalformed);
  EXPECT_EQ(refused([&](IntelParts&, AmdParts& p) { p.vcek = faces_fixture::copy_of(m.amd.vlek); }),
            Errc::kMalformed);
  EXPECT_EQ(refused([&](IntelParts&, AmdParts& p) { p.certificates.vlek = m.snp.vcek; }),
            Errc::kMalformed);
}

}  // namespace
}  // namespace ward::soft
