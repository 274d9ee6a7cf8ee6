// Platforms as they lie in folders: what `ward dev init` and `ward dev make outdated` write.
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <stdlib.h>

#include "pki/certificate.h"
#include "tee/all.h"
#include "tee/soft/attester/device_dir.h"
#include "tee/soft/guest.h"
#include "tee/x509/anchors.h"
#include "test/support/vectors.h"
#include "verifier/verifier.h"

namespace ward::soft {
namespace {

namespace fs = std::filesystem;
using attest::Verdict;

constexpr UnixTime kFrom{1'790'000'000};
constexpr std::array<std::uint8_t, 64> kData = {1, 2, 3};

std::string new_folder() {
  std::string name = fs::temp_directory_path() / "ward-platform-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  return name;
}

class PlatformDir : public testing::Test {
 protected:
  // The makers and their first platform: read by all tests, since RSA keys take long to make.
  static void SetUpTestSuite() {
    shared_ = new_folder();
    const auto made = init(maker(), {.from = kFrom, .days = 30}, RandomSource());
    ASSERT_TRUE(made) << made.error();
  }

  static void TearDownTestSuite() { fs::remove_all(shared_); }

  ~PlatformDir() override { fs::remove_all(folder_); }

  static std::string maker() { return shared_ + "/maker"; }

  // copy gives this test a copy of the maker's folder.
  std::string copy() const {
    fs::copy(maker(), folder_ + "/copy", fs::copy_options::recursive);
    return folder_ + "/copy";
  }

  // judge has the platform in `dir` vouch for a keep, and appraises that with all its collateral.
  static attest::Appraisal judge(const std::string& dir, const Face& face,
                                 const attest::Policy& policy = {.allow_development = true}) {
    const auto platform = open_platform(dir);
    EXPECT_TRUE(platform) << platform.error();
    crypto::SystemRng rng;
    Launch keep;
    keep.runtime = {1};
    keep.canonical = {0xa0};  // an empty map
    const auto guest = launch(**platform, face, keep, rng);
    EXPECT_TRUE(guest) << guest.error().what();
    const auto evidence = (*guest)->evidence(kData);
    EXPECT_TRUE(evidence) << evidence.error().what();
    attest::Collateral collateral;
    for (const auto& file : fs::directory_iterator(dir + "/collateral"))
      collateral.documents.push_back({file.path().filename(), test::read_file(file.path())});
    for (const attest::Document& document : evidence->documents)
      collateral.documents.push_back(document);
    const auto roots = x509::development_anchors(as_text(test::read_file(dir + "/root.pem")));
    EXPECT_TRUE(roots);
    const verifier::Verifier verifier(tee::all_schemes(), *roots, policy);
    return *verifier.appraise({.evidence = evidence->octets,
                               .collateral = collateral,
                               .now = {kFrom.seconds + 86400},
                               .expected = {.report_data = attest::Unchecked{},
                                            .measurement = attest::Unchecked{},
                                            .workload = attest::Unchecked{}}});
  }

  std::string folder_ = new_folder();
  crypto::SystemRng rng_;

 private:
  static inline std::string shared_;
};

bool is_intel(const Face& face) { return std::holds_alternative<QuoteForm>(face.form); }

TEST_F(PlatformDir, every_face_of_a_new_platform_is_accepted_with_all_its_collateral) {
  for (const Face& face : faces()) {
    const auto appraisal = judge(maker(), face);
    EXPECT_EQ(appraisal.verdict, Verdict::kAccepted) << face.name;
    EXPECT_EQ(appraisal.failed(), std::vector<std::string>{}) << face.name;
    EXPECT_EQ(appraisal.tcb.status.value_or("UpToDate"), "UpToDate") << face.name;  // AMD has none
  }
}

TEST_F(PlatformDir, every_face_is_refused_where_development_is_not_allowed) {
  for (const Face& face : faces()) {
    const auto appraisal = judge(maker(), face, {});
    EXPECT_EQ(appraisal.verdict, Verdict::kRefused) << face.name;
    EXPECT_EQ(appraisal.failed(),
              std::vector<std::string>{std::string(face.tee) + ".platform.development"});
  }
}

TEST_F(PlatformDir, an_outdated_platform_of_the_same_makers_fails_by_its_tcb_alone) {
  const std::string dir = folder_ + "/outdated";
  const auto made = make_outdated(dir, maker(), rng_);
  ASSERT_TRUE(made) << made.error();
  EXPECT_FALSE(fs::exists(dir + "/ca"));
  attest::Policy policy{.allow_development = true};
  policy.minimum_values = {{"snp.reported_tcb.snp", "24"}};
  for (const Face& face : faces()) {
    const auto appraisal = judge(dir, face, policy);
    EXPECT_EQ(appraisal.verdict, Verdict::kRefused) << face.name;
    if (is_intel(face)) {
      EXPECT_EQ(appraisal.tcb.status, "OutOfDate") << face.name;
      EXPECT_EQ(appraisal.failed(),
                std::vector<std::string>{std::string(face.tee) + ".tcb.status"});
    } else {
      EXPECT_EQ(appraisal.failed(), std::vector<std::string>{"snp.reported_tcb.snp"}) << face.name;
    }
  }
}

TEST_F(PlatformDir, nothing_is_left_behind_of_what_cannot_be_made) {
  for (const char* key : {"/ca/pck_ca.pk8", "/ca/asvk.pk8"}) {
    const std::string maker = copy();
    fs::resize_file(maker + key, 10);
    EXPECT_FALSE(make_outdated(folder_ + "/outdated", maker, rng_)) << key;
    EXPECT_FALSE(fs::exists(folder_ + "/outdated")) << key;
    fs::remove_all(maker);
  }
  EXPECT_FALSE(make_outdated(maker(), maker(), rng_));  // not empty: nothing is changed
  EXPECT_TRUE(fs::exists(maker() + "/device/device_root"));
}

TEST_F(PlatformDir, a_platform_may_have_one_of_the_processors_alone) {
  const std::string dir = folder_ + "/intel";
  ASSERT_TRUE(init(dir, {.from = kFrom, .days = 30, .amd = false}, RandomSource()));
  EXPECT_EQ(judge(dir, *find_face("tdx")).verdict, Verdict::kAccepted);
  for (const char* name : {"/collateral/ark.pem", "/device/vcek.pk8", "/ca/ark.pk8"})
    EXPECT_FALSE(fs::exists(dir + name)) << name;
  const auto platform = open_platform(dir);
  ASSERT_TRUE(platform);
  EXPECT_EQ((*platform)->amd(), nullptr);
  ASSERT_TRUE(make_outdated(folder_ + "/outdated", dir, rng_));
  EXPECT_EQ(judge(folder_ + "/outdated", *find_face("sgx")).tcb.status, "OutOfDate");
}

struct Damage {
  const char* name;
  void (*damage)(const std::string& device);
  const char* says;
};

constexpr Damage kDamages[] = {
    {"no_device_root", [](const std::string& d) { fs::remove(d + "/device_root"); },
     "/device_root"},
    {"short_device_root", [](const std::string& d) { fs::resize_file(d + "/device_root", 31); },
     "not 32 octets"},
    {"readable_by_others",
     [](const std::string& d) {
       fs::permissions(d + "/vlek.pk8", fs::perms::group_read, fs::perm_options::add);
     },
     "others may read"},
    {"no_key", [](const std::string& d) { fs::remove(d + "/vcek.pk8"); }, "/vcek.pk8"},
    {"cut_key", [](const std::string& d) { fs::resize_file(d + "/pck.pk8", 20); }, "/pck.pk8"},
    {"key_of_another",
     [](const std::string& d) {
       fs::rename(d + "/vlek.pk8", d + "/vcek.pk8");
       fs::copy_file(d + "/vcek.pk8", d + "/vlek.pk8");
     },
     "not that of its key"},
    {"empty_chain", [](const std::string& d) { fs::resize_file(d + "/vcek_chain.pem", 0); },
     "pem: no block"},
    {"no_identity", [](const std::string& d) { fs::remove(d + "/td_qe_identity.json"); },
     "/td_qe_identity.json"},
    {"cut_identity", [](const std::string& d) { fs::resize_file(d + "/qe_identity.json", 30); },
     "/qe_identity.json"},
    {"link_for_a_secret",
     [](const std::string& d) {
       fs::rename(d + "/pck.pk8", d + "/elsewhere");
       fs::create_symlink("elsewhere", d + "/pck.pk8");
     },
     "/pck.pk8"},
    {"no_processor",
     [](const std::string& d) {
       fs::remove(d + "/pck_chain.pem");
       fs::remove(d + "/vcek_chain.pem");
     },
     "no processor"}};

TEST_F(PlatformDir, what_is_damaged_is_not_opened_and_is_named) {
  for (const Damage& row : kDamages) {
    const std::string dir = copy();
    row.damage(dir + "/device");
    const auto platform = open_platform(dir);
    ASSERT_FALSE(platform) << row.name;
    EXPECT_NE(platform.error().find(row.says), std::string::npos) << platform.error();
    fs::remove_all(dir);
  }
}

}  // namespace
}  // namespace ward::soft
