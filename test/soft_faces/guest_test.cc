#include <set>

#include <gtest/gtest.h>

#include "tee/sgx/key_request.h"
#include "tee/sgx/target_info.h"
#include "tee/snp/id_block.h"
#include "tee/snp/key_request.h"
#include "tee/soft/snp_guest.h"
#include "test/soft_faces/machine_fixture.h"

// Local reports and keys, as a keep asks for them.
namespace ward::soft {
namespace {

using faces_fixture::good_launch;
using faces_fixture::kReportData;
using faces_fixture::make_platform;
using faces_fixture::start;

const Platform& machine() {
  static const auto kMachine = make_platform();
  return *kMachine;
}

const Platform& other_machine() {
  static const auto kMachine = make_platform("other device");
  return *kMachine;
}

std::unique_ptr<Guest> keep(const char* face, const Platform& platform = machine()) {
  return start(platform, *find_face(face));
}

Launch other_image() {
  Launch out = good_launch();
  out.runtime.push_back(1);
  return out;
}

Launch debugged() {
  Launch out = good_launch();
  out.debug = true;
  return out;
}

Launch other_workload() {
  Launch out = good_launch();
  out.workload[0] ^= 1U;
  return out;
}

Errc code_of(const Result<void>& result) { return result.error().code(); }

TEST(SgxLocalReport, IsVerifiedByItsTargetAlone) {
  const auto a = keep("sgx");
  const auto b = start(machine(), *find_face("sgx-v4"), other_image());
  const auto report = a->local_report(b->own_target(), kReportData);
  ASSERT_TRUE(report);
  EXPECT_TRUE(b->verify_report(*report));
  EXPECT_EQ(code_of(a->verify_report(*report)), Errc::kUntrusted);
  EXPECT_EQ(
      code_of(start(other_machine(), *find_face("sgx"), other_image())->verify_report(*report)),
      Errc::kUntrusted);
  // Who made it and with what, the report says.
  const dcap::ReportBody body(Bytes(*report).first<dcap::kReportBodySize>());
  EXPECT_TRUE(equal(body.get<dcap::report_body::MrEnclave>(), a->launch_measurement()));
  EXPECT_TRUE(equal(body.get<dcap::report_body::ReportData>(), kReportData));
}

TEST(SgxLocalReport, IsRefusedInEveryOtherForm) {
  const auto a = keep("sgx");
  const Buffer target = a->own_target();
  const Buffer report = *a->local_report(target, kReportData);
  EXPECT_TRUE(a->verify_report(report));
  EXPECT_EQ(a->local_report({}, kReportData).error().code(), Errc::kTruncated);
  EXPECT_EQ(a->local_report(concat({target, Buffer(1)}), kReportData).error().code(),
            Errc::kMalformed);
  EXPECT_EQ(code_of(a->verify_report(Bytes(report).first(431))), Errc::kTruncated);
  EXPECT_EQ(code_of(a->verify_report(concat({report, Buffer(1)}))), Errc::kMalformed);
  for (std::size_t at = 0; at < report.size(); ++at) {
    Buffer flipped = report;
    flipped[at] ^= 0x80U;
    EXPECT_EQ(code_of(a->verify_report(flipped)), Errc::kUntrusted) << at;
  }
}

TEST(TdxLocalReport, IsVerifiedOnItsPlatformAlone) {
  const auto a = keep("tdx");
  const auto b = start(machine(), *find_face("tdx-v5-1.5"), other_image());
  const auto report = a->local_report({}, kReportData);
  ASSERT_TRUE(report);
  EXPECT_TRUE(b->verify_report(*report));
  EXPECT_EQ(code_of(keep("tdx", other_machine())->verify_report(*report)), Errc::kUntrusted);
  EXPECT_EQ(a->local_report(Buffer(512), kReportData).error().code(), Errc::kMalformed);
  EXPECT_TRUE(a->own_target().empty());
}

TEST(TdxLocalReport, EveryFlippedBitIsNoticed) {
  const auto a = keep("tdx");
  const Buffer report = *a->local_report({}, kReportData);
  for (std::size_t at = 0; at < report.size(); ++at) {
    Buffer flipped = report;
    flipped[at] ^= 1U;
    EXPECT_FALSE(a->verify_report(flipped)) << at;
  }
  for (std::size_t size = 0; size < report.size(); ++size)
    EXPECT_EQ(code_of(a->verify_report(Bytes(report).first(size))), Errc::kTruncated) << size;
}

TEST(TdxLocalReport, ShowsWhatWasExtended) {
  const auto a = keep("tdx");
  const Buffer before = *a->local_report({}, kReportData);
  ASSERT_TRUE(a->extend(3, as_bytes("an event")));
  const auto after = tdx::parse_local_report(*a->local_report({}, kReportData));
  ASSERT_TRUE(after);
  EXPECT_TRUE(all_zero(tdx::parse_local_report(before)->td.rt_mr[3]));
  EXPECT_FALSE(all_zero(after->td.rt_mr[3]));
  const auto evidence = a->evidence(kReportData);
  faces_fixture::Judging how;
  how.expected = faces_fixture::expectations(*a, good_launch());
  const auto judged = faces_fixture::judge(*a, evidence->octets, evidence->documents, how);
  EXPECT_EQ(judged.verdict, attest::Verdict::kAccepted);
  EXPECT_EQ(judged.check("tdx.event_log.rtmr3")->outcome, attest::Outcome::kPassed);
}

TEST(Guests, SayWhatTheirTeeDoesNotHave) {
  const auto snp = keep("snp");
  EXPECT_EQ(snp->local_report({}, kReportData).error().code(), Errc::kUnsupported);
  EXPECT_EQ(code_of(snp->verify_report({})), Errc::kUnsupported);
  EXPECT_EQ(code_of(snp->extend(3, Buffer(1))), Errc::kUnsupported);
  EXPECT_EQ(code_of(keep("sgx")->extend(3, Buffer(1))), Errc::kUnsupported);
  EXPECT_EQ(keep("tdx")->derive_key(sgx::write_key_request({})).error().code(), Errc::kUnsupported);
}

// key is the hex of what a guest gets, or the error's code.
std::string key(const Guest& guest, Bytes request) {
  const auto out = guest.derive_key(request);
  if (!out) return "refused " + std::to_string(static_cast<int>(out.error().code()));
  return to_hex(out->expose());
}

std::string denied() { return "refused " + std::to_string(static_cast<int>(Errc::kDenied)); }

TEST(SgxKeys, AreOfTheImageAndTheDevice) {
  const Buffer request = sgx::write_key_request({});
  const std::string own = key(*keep("sgx"), request);
  EXPECT_EQ(own.size(), 32U);
  EXPECT_EQ(key(*keep("sgx-v5"), request), own);
  EXPECT_EQ(key(*start(machine(), *find_face("sgx"), other_workload()), request), own);
  EXPECT_NE(key(*start(machine(), *find_face("sgx"), other_image()), request), own);
  EXPECT_NE(key(*start(machine(), *find_face("sgx"), debugged()), request), own);
  EXPECT_NE(key(*keep("sgx", other_machine()), request), own);
  const Buffer of_workload = sgx::write_key_request(
      {.key_policy = sgx::key_policy::kMrEnclave | sgx::key_policy::kConfigId});
  EXPECT_NE(key(*start(machine(), *find_face("sgx"), other_workload()), of_workload),
            key(*keep("sgx"), of_workload));
  EXPECT_EQ(keep("sgx")->derive_key(Bytes(request).first(511)).error().code(), Errc::kTruncated);
}

// The SVN, TCB and ids that an ID block gives.
std::unique_ptr<Guest> with_block(void (*change)(snp::IdBlock&), Launch what = good_launch(),
                                  const Platform& platform = machine()) {
  snp::IdBlock block;
  const Buffer measured = start(platform, *find_face("snp"), what)->launch_measurement();
  std::ranges::copy(measured, block.launch_digest.begin());
  block.guest_svn = 5;
  block.policy = guest_policy_of(what.debug);
  change(block);
  crypto::SeededRng rng(as_bytes("id"));
  const auto id = *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng);
  what.signature = concat(
      {snp::write_id_block(block), snp::write_id_auth(*snp::sign_id_block(block, id, nullptr))});
  return start(platform, *find_face("snp"), what);
}

std::unique_ptr<Guest> plain_block() {
  return with_block([](snp::IdBlock&) {});
}

snp::KeyRequest selecting(std::initializer_list<unsigned> fields) {
  snp::KeyRequest out;
  for (const unsigned field : fields)
    out.guest_field_select |= std::uint64_t{1} << field;
  return out;
}

struct Row {
  const char* name;
  unsigned field;
  std::unique_ptr<Guest> (*other)();
};

const Row kRows[] = {
    {"image_id", snp::guest_field::kImageId,
     [] { return with_block([](snp::IdBlock& b) { b.image_id[0] = 1; }); }},
    {"family_id", snp::guest_field::kFamilyId,
     [] { return with_block([](snp::IdBlock& b) { b.family_id[0] = 1; }); }},
    {"measurement", snp::guest_field::kMeasurement,
     [] { return with_block([](snp::IdBlock&) {}, other_image()); }},
};

// For each of the 64 selections: exactly the fields that it names are in the key.
TEST(SnpKeys, AreBoundToWhatIsSelected) {
  const auto guest = plain_block();
  for (const Row& row : kRows) {
    const auto other = row.other();
    for (std::uint64_t fields = 0; fields <= snp::guest_field::kKnown; ++fields) {
      const Buffer request = snp::write_key_request({.guest_field_select = fields});
      const bool selected = ((fields >> row.field) & 1U) != 0;
      EXPECT_EQ(key(*guest, request) != key(*other, request), selected) << row.name << fields;
    }
  }
}

TEST(SnpKeys, AreAlwaysOfTheDeviceAndOfDebug) {
  for (const auto& request : {selecting({}), selecting({snp::guest_field::kGuestPolicy,
                                                        snp::guest_field::kTcbVersion})}) {
    const Buffer octets = snp::write_key_request(request);
    const std::string own = key(*plain_block(), octets);
    EXPECT_EQ(own.size(), 64U);
    EXPECT_EQ(key(*plain_block(), octets), own);
    EXPECT_NE(key(*with_block([](snp::IdBlock&) {}, debugged()), octets), own);
    EXPECT_NE(key(*with_block([](snp::IdBlock&) {}, good_launch(), other_machine()), octets), own);
  }
}

// Whatever is selected, a workload and a signer have keys of their own.
TEST(SnpKeys, AreAlwaysOfTheWorkloadAndTheSigner) {
  const auto signed_by = [](const char* id_seed, const char* author_seed) {
    const auto make = [](const char* seed) {
      crypto::SeededRng rng(as_bytes(seed));
      return *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng);
    };
    snp::IdBlock block;
    const Buffer measured = keep("snp")->launch_measurement();
    std::ranges::copy(measured, block.launch_digest.begin());
    block.policy = guest_policy_of(false);
    const auto author = make(author_seed == nullptr ? "none" : author_seed);
    Launch what = good_launch();
    what.signature =
        concat({snp::write_id_block(block),
                snp::write_id_auth(*snp::sign_id_block(
                    block, make(id_seed), author_seed == nullptr ? nullptr : &author))});
    return start(machine(), *find_face("snp"), what);
  };
  for (const std::uint64_t fields : {std::uint64_t{0}, snp::guest_field::kKnown}) {
    const Buffer request = snp::write_key_request({.guest_field_select = fields});
    const std::string own = key(*keep("snp"), request);
    EXPECT_NE(key(*start(machine(), *find_face("snp"), other_workload()), request), own);
    EXPECT_NE(key(*signed_by("id", nullptr), request), own);
    EXPECT_NE(key(*signed_by("id", nullptr), request), key(*signed_by("id 2", nullptr), request));
    EXPECT_NE(key(*signed_by("id", "a"), request), key(*signed_by("id", "b"), request));
    // An author may change the ID key.
    EXPECT_EQ(key(*signed_by("id", "a"), request), key(*signed_by("id 2", "a"), request));
  }
}

TEST(SnpKeys, OfAnOlderSvnAreOpenToANewerOneAndNotTheOtherWayRound) {
  const auto older = plain_block();
  const auto newer = with_block([](snp::IdBlock& b) { b.guest_svn = 6; });
  snp::KeyRequest request = selecting({snp::guest_field::kGuestSvn});
  request.guest_svn = 5;
  EXPECT_EQ(key(*older, snp::write_key_request(request)),
            key(*newer, snp::write_key_request(request)));
  request.guest_svn = 6;
  EXPECT_EQ(key(*older, snp::write_key_request(request)), denied());
  EXPECT_NE(key(*newer, snp::write_key_request(request)), denied());
  EXPECT_EQ(key(*keep("snp"), snp::write_key_request(request)), denied());
}

TEST(SnpKeys, AreNotGivenAboveTheCommittedTcb) {
  const auto guest = plain_block();
  snp::KeyRequest request = selecting({snp::guest_field::kTcbVersion});
  const auto& amd = *machine().amd();
  request.tcb_version = snp::write_tcb(amd.tcb, amd.line);
  const std::string current = key(*guest, snp::write_key_request(request));
  EXPECT_EQ(current.size(), 64U);
  for (const std::size_t part : {0U, 1U, 6U, 7U}) {
    snp::KeyRequest above = request;
    ++above.tcb_version.at(part);
    EXPECT_EQ(key(*guest, snp::write_key_request(above)), denied()) << part;
    snp::KeyRequest below = request;
    if (below.tcb_version.at(part) == 0) continue;
    --below.tcb_version.at(part);
    EXPECT_NE(key(*guest, snp::write_key_request(below)), current) << part;
    EXPECT_NE(key(*guest, snp::write_key_request(below)), denied()) << part;
  }
  request.tcb_version[3] = 1;
  EXPECT_EQ(guest->derive_key(snp::write_key_request(request)).error().code(), Errc::kMalformed);
}

TEST(SnpKeys, DifferByVmplAndRootKey) {
  const auto guest = plain_block();
  std::set<std::string> keys;
  for (std::uint32_t vmpl = 0; vmpl <= 3; ++vmpl)
    keys.insert(key(*guest, snp::write_key_request({.vmpl = vmpl})));
  EXPECT_EQ(keys.size(), 4U);
  EXPECT_EQ(key(*guest, snp::write_key_request({.vmpl = 4})), denied());
  const auto of = [](const Guest& g, snp::RootKey root) {
    return key(g, snp::write_key_request({.root_key = root}));
  };
  EXPECT_EQ(of(*guest, snp::RootKey::kDefault), of(*guest, snp::RootKey::kVcek));
  EXPECT_EQ(of(*guest, snp::RootKey::kVlek), denied());
  EXPECT_NE(of(*guest, snp::RootKey::kVmrk), of(*guest, snp::RootKey::kVcek));
  const auto vlek = keep("snp-vlek");
  EXPECT_EQ(of(*vlek, snp::RootKey::kDefault), of(*vlek, snp::RootKey::kVlek));
  EXPECT_NE(of(*vlek, snp::RootKey::kVcek), of(*vlek, snp::RootKey::kVlek));
}

// The VMRK is the guest's own: another launch of the same has another.
TEST(SnpKeys, OfTheVmrkEndWithTheKeep) {
  crypto::SeededRng rng(as_bytes("launches"));
  const Buffer request = snp::write_key_request({.root_key = snp::RootKey::kVmrk});
  const auto first = *launch(machine(), *find_face("snp"), good_launch(), rng);
  const auto second = *launch(machine(), *find_face("snp"), good_launch(), rng);
  EXPECT_NE(key(*first, request), key(*second, request));
  EXPECT_EQ(key(*first, request), key(*first, request));
}

}  // namespace
}  // namespace ward::soft
