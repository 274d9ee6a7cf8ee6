#include <gtest/gtest.h>

#include "tee/sgx/sigstruct.h"
#include "tee/snp/id_block.h"
#include "tee/snp/report.h"
#include "tee/soft/snp_guest.h"
#include "test/soft_faces/machine_fixture.h"

// What a launch signature says, and how it may not fit.
namespace ward::soft {
namespace {

using faces_fixture::good_launch;
using faces_fixture::kReportData;
using faces_fixture::start;

const Platform& machine() {
  static const auto kMachine = faces_fixture::make_platform();
  return *kMachine;
}

Result<std::unique_ptr<Guest>> try_launch(const char* face, Launch what) {
  crypto::SeededRng rng(as_bytes("launch"));
  return launch(machine(), *find_face(face), std::move(what), rng);
}

const crypto::PrivateKey& signer() {
  static const auto kKey = *crypto::PrivateKey::generate_rsa(3072, 3);
  return kKey;
}

// As sgx_sign writes it for production: every attribute fixed but the size of the state.
sgx::Sigstruct good_sigstruct(bool debug = false) {
  sgx::Sigstruct out;
  out.attributes = {0x84, 0, 0, 0, 0, 0, 0, 0, 3};
  if (debug) out.attributes[0] |= 2U;
  out.attribute_mask.fill(0xff);
  out.misc_mask.fill(0xff);
  out.enclave_hash = mr_enclave_of(good_launch().runtime);
  out.isv_prod_id = 0x1234;
  out.isv_svn = 7;
  out.isv_family_id.fill(8);
  out.isv_ext_prod_id.fill(9);
  return out;
}

Launch signed_launch(const sgx::Sigstruct& parts, bool debug = false) {
  Launch out = good_launch();
  out.debug = debug;
  out.signature = *sgx::sign_sigstruct(parts, signer());
  return out;
}

TEST(SigstructLaunch, StandsInTheReport) {
  const auto made = try_launch("sgx", signed_launch(good_sigstruct()));
  ASSERT_TRUE(made);
  const auto evidence = (*made)->evidence(kReportData);
  const auto quote = dcap::parse_quote(evidence->octets, dcap::TeeType::kSgx);
  ASSERT_TRUE(quote);
  using namespace dcap::report_body;
  const dcap::ReportBody body = quote->report();
  EXPECT_TRUE(equal(body.get<MrSigner>(),
                    sgx::parse_sigstruct(signed_launch(good_sigstruct()).signature)->mr_signer()));
  EXPECT_EQ(body.u16<IsvProdId>(), 0x1234);
  EXPECT_EQ(body.u16<IsvSvn>(), 7);
  EXPECT_EQ(body.get<IsvFamilyId>()[15], 8);
  EXPECT_EQ(body.get<IsvExtProdId>()[15], 9);
  EXPECT_FALSE(body.debug());
}

struct Row {
  const char* name;
  void (*change)(sgx::Sigstruct&);
  bool debug;
  std::optional<Errc> want;  // nullopt: launched
};

const Row kRows[] = {
    {"good", [](sgx::Sigstruct&) {}, false, {}},
    {"another_image", [](sgx::Sigstruct& s) { s.enclave_hash[0] ^= 1U; }, false, Errc::kUntrusted},
    {"debug_refused", [](sgx::Sigstruct&) {}, true, Errc::kDenied},
    {"debug_left_open", [](sgx::Sigstruct& s) { s.attribute_mask[0] = 0xfd; }, true, {}},
    {"production_left_open", [](sgx::Sigstruct& s) { s.attribute_mask[0] = 0xfd; }, false, {}},
    {"for_debugging_alone", [](sgx::Sigstruct& s) { s.attributes[0] |= 2U; }, false, Errc::kDenied},
    {"for_debugging", [](sgx::Sigstruct& s) { s.attributes[0] |= 2U; }, true, {}},
    {"no_kss", [](sgx::Sigstruct& s) { s.attributes[0] = 0x04; }, false, Errc::kDenied},
    {"provision_key", [](sgx::Sigstruct& s) { s.attributes[0] |= 0x10U; }, false, Errc::kDenied},
    {"xfrm", [](sgx::Sigstruct& s) { s.attributes[8] = 7; }, false, Errc::kDenied},
    {"xfrm_not_masked",
     [](sgx::Sigstruct& s) {
       s.attributes[8] = 7;
       s.attribute_mask[8] = 3;
     },
     false,
     {}},
    {"misc_select", [](sgx::Sigstruct& s) { s.misc_select[0] = 1; }, false, Errc::kDenied},
    {"misc_not_masked",
     [](sgx::Sigstruct& s) {
       s.misc_select[0] = 1;
       s.misc_mask = {};
     },
     false,
     {}},
    {"cet",
     [](sgx::Sigstruct& s) {
       s.cet_attributes = 1;
       s.cet_attributes_mask = 1;
     },
     false, Errc::kDenied},
};

TEST(SigstructLaunch, IsRefusedInEachWayThatItDoesNotFit) {
  for (const Row& row : kRows) {
    sgx::Sigstruct parts = good_sigstruct();
    row.change(parts);
    const auto made = try_launch("sgx-v5", signed_launch(parts, row.debug));
    ASSERT_EQ(made.has_value(), !row.want.has_value()) << row.name;
    if (row.want) {
      EXPECT_EQ(made.error().code(), *row.want) << row.name;
    }
  }
}

TEST(SigstructLaunch, IsRefusedWithAnyOctetChanged) {
  const Launch good = signed_launch(good_sigstruct());
  for (std::size_t at = 0; at < good.signature.size(); at += 7) {
    Launch changed = good;
    changed.signature[at] ^= 1U;
    EXPECT_FALSE(try_launch("sgx", changed)) << at;
  }
  Launch cut = good;
  cut.signature.pop_back();
  EXPECT_EQ(try_launch("sgx", cut).error().code(), Errc::kTruncated);
}

TEST(TdxLaunch, TakesNoSignature) {
  const Launch signed_for_sgx = signed_launch(good_sigstruct());
  EXPECT_EQ(try_launch("tdx", signed_for_sgx).error().code(), Errc::kUnsupported);
}

crypto::PrivateKey p384(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return *crypto::PrivateKey::generate(crypto::KeyType::kP384, rng);
}

snp::IdBlock good_block(bool debug = false) {
  snp::IdBlock out;
  const Buffer measured = start(machine(), *find_face("snp"))->launch_measurement();
  std::ranges::copy(measured, out.launch_digest.begin());
  out.family_id.fill(1);
  out.image_id.fill(2);
  out.guest_svn = 7;
  out.policy = guest_policy_of(debug);
  return out;
}

Launch signed_launch(const snp::IdBlock& block, bool debug = false, bool with_author = true) {
  Launch out = good_launch();
  out.debug = debug;
  const auto author = p384("author");
  const auto auth = *snp::sign_id_block(block, p384("id"), with_author ? &author : nullptr);
  out.signature = concat({snp::write_id_block(block), snp::write_id_auth(auth)});
  return out;
}

TEST(IdBlockLaunch, StandsInTheReport) {
  for (const bool with_author : {false, true}) {
    const Launch what = signed_launch(good_block(), false, with_author);
    const auto made = try_launch("snp-v3-vlek", what);
    ASSERT_TRUE(made);
    const auto evidence = (*made)->evidence(kReportData);
    const auto report = snp::parse_report(Bytes(evidence->octets).first(snp::kReportSize));
    ASSERT_TRUE(report);
    using namespace snp::report;
    const auto auth = *snp::parse_id_auth(Bytes(what.signature).subspan(snp::kIdBlockSize));
    EXPECT_EQ(report->get<FamilyId>()[15], 1);
    EXPECT_EQ(report->get<ImageId>()[15], 2);
    EXPECT_EQ(report->get<GuestSvn>()[0], 7);
    EXPECT_TRUE(equal(report->get<IdKeyDigest>(), auth.id_key_digest()));
    EXPECT_TRUE(equal(report->get<AuthorKeyDigest>(), auth.author_key_digest()));
    EXPECT_EQ(report->get<KeyInfo>()[0] & 1U, with_author ? 1U : 0U);
    EXPECT_EQ(report->signing_key(), snp::SigningKey::kVlek);
    EXPECT_TRUE(report->chip_id_masked());
    faces_fixture::Judging how;
    how.expected = faces_fixture::expectations(**made, what);
    EXPECT_EQ(faces_fixture::judge(**made, evidence->octets, {}, how).verdict,
              attest::Verdict::kAccepted);
  }
}

TEST(IdBlockLaunch, IsRefusedInEachWayThatItDoesNotFit) {
  const auto code = [](const snp::IdBlock& block, bool debug) {
    const auto made = try_launch("snp", signed_launch(block, debug));
    return made ? std::optional<Errc>() : made.error().code();
  };
  EXPECT_EQ(code(good_block(), false), std::nullopt);
  EXPECT_EQ(code(good_block(true), true), std::nullopt);
  EXPECT_EQ(code(good_block(true), false), Errc::kDenied);
  EXPECT_EQ(code(good_block(false), true), Errc::kDenied);
  for (unsigned bit = 0; bit < 64; ++bit) {
    snp::IdBlock policy = good_block();
    policy.policy ^= std::uint64_t{1} << bit;
    EXPECT_EQ(code(policy, false), Errc::kDenied) << bit;
  }
  snp::IdBlock image = good_block();
  image.launch_digest[47] ^= 1U;
  EXPECT_EQ(code(image, false), Errc::kUntrusted);
}

TEST(IdBlockLaunch, IsRefusedWithAnyOctetChanged) {
  const Launch good = signed_launch(good_block());
  for (std::size_t at = 0; at < good.signature.size(); at += 5) {
    Launch changed = good;
    changed.signature[at] ^= 1U;
    EXPECT_FALSE(try_launch("snp", changed)) << at;
  }
  for (const std::size_t size : {std::size_t{1}, snp::kIdBlockSize - 1, snp::kIdBlockSize,
                                 snp::kIdBlockSize + snp::kIdAuthSize - 1}) {
    Launch cut = good;
    cut.signature.resize(size);
    EXPECT_EQ(try_launch("snp", cut).error().code(), Errc::kTruncated) << size;
  }
  Launch longer = good;
  longer.signature.push_back(0);
  EXPECT_EQ(try_launch("snp", longer).error().code(), Errc::kMalformed);
}

TEST(SnpLaunch, HasAReportIdOfItsOwn) {
  crypto::SeededRng rng(as_bytes("launches"));
  const auto report_id = [&] {
    const auto guest = *launch(machine(), *find_face("snp"), good_launch(), rng);
    const auto evidence = guest->evidence(kReportData);
    return to_hex(snp::Report(Bytes(evidence->octets).first<snp::kReportSize>())
                      .get<snp::report::ReportId>());
  };
  EXPECT_NE(report_id(), report_id());
}

}  // namespace
}  // namespace ward::soft
