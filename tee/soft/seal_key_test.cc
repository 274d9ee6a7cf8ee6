#include <functional>

#include <gtest/gtest.h>

#include "crypto/rng.h"
#include "tee/soft/processor.h"

namespace ward::soft {
namespace {

namespace policy = sgx::key_policy;

constexpr std::array<std::uint8_t, 16> kCpuSvn = {5, 6, 7, 8, 9, 10, 11, 12,
                                                  5, 6, 7, 8, 9, 10, 11, 12};

Secret<32> root(const char* seed) {
  crypto::SeededRng rng(as_bytes(seed));
  return crypto::random_secret<32>(rng);
}

EnclaveIdentity keep() {
  EnclaveIdentity out;
  out.mr_enclave.fill(1);
  out.mr_signer.fill(2);
  out.config_id.fill(3);
  out.isv_family_id.fill(4);
  out.isv_ext_prod_id.fill(5);
  out.isv_prod_id = 6;
  out.isv_svn = 7;
  out.config_svn = 8;
  return out;
}

const Processor& device() {
  static const Processor kDevice(root("a"), kCpuSvn);
  return kDevice;
}

bool same_key(const EnclaveIdentity& a, const EnclaveIdentity& b, const sgx::KeyRequest& request) {
  const auto x = device().get_key(a, request);
  const auto y = device().get_key(b, request);
  EXPECT_TRUE(x && y);
  return x && y && ct_equal(x->expose(), y->expose());
}

using Change = std::function<void(EnclaveIdentity&)>;

struct Field {
  const char* name;
  Change change;
  std::uint16_t bit;         // of the policy that names it; 0: no policy does
  bool without_bit = false;  // counts where the bit is not set
};

const Field kFields[] = {
    {"mr_enclave", [](EnclaveIdentity& e) { e.mr_enclave[31] ^= 1U; }, policy::kMrEnclave},
    {"mr_signer", [](EnclaveIdentity& e) { e.mr_signer[0] ^= 1U; }, policy::kMrSigner},
    {"isv_prod_id", [](EnclaveIdentity& e) { ++e.isv_prod_id; }, policy::kNoIsvProdId, true},
    {"config_id", [](EnclaveIdentity& e) { e.config_id[63] ^= 1U; }, policy::kConfigId},
    {"isv_family_id", [](EnclaveIdentity& e) { e.isv_family_id[0] ^= 1U; }, policy::kIsvFamilyId},
    {"isv_ext_prod_id", [](EnclaveIdentity& e) { e.isv_ext_prod_id[0] ^= 1U; },
     policy::kIsvExtProdId},
    {"isv_svn", [](EnclaveIdentity& e) { ++e.isv_svn; }, 0},
    {"config_svn", [](EnclaveIdentity& e) { ++e.config_svn; }, 0},
};

// For each of the 64 policies: exactly the fields that it names are in the key.
TEST(SealKey, IsBoundToWhatEachPolicyNames) {
  for (std::uint16_t named = 0; named <= policy::kKnown; ++named) {
    const sgx::KeyRequest request{.key_policy = named};
    for (const Field& field : kFields) {
      EnclaveIdentity other = keep();
      field.change(other);
      const bool counts = field.bit != 0 && ((named & field.bit) != 0) != field.without_bit;
      EXPECT_EQ(same_key(keep(), other, request), !counts) << field.name << " " << named;
    }
  }
}

TEST(SealKey, IsAlwaysBoundToDebug) {
  EnclaveIdentity debug = keep();
  debug.debug = true;
  sgx::KeyRequest request;
  for (const std::uint8_t mask : std::array<std::uint8_t, 3>{0x00, 0x02, 0xff}) {
    request.attribute_mask.fill(mask);
    EXPECT_FALSE(same_key(keep(), debug, request)) << int{mask};
  }
}

TEST(SealKey, IsBoundToTheDevice) {
  const Processor other(root("b"), kCpuSvn);
  EXPECT_FALSE(
      ct_equal(device().get_key(keep(), {})->expose(), other.get_key(keep(), {})->expose()));
}

// Everything that a request says is in the key.
TEST(SealKey, DiffersWithEveryPartOfTheRequest) {
  std::vector<sgx::KeyRequest> requests(10, sgx::KeyRequest{.key_policy = policy::kConfigId});
  requests[1].key_policy = policy::kMrEnclave;
  requests[2].isv_svn = 1;
  requests[3].cet_attributes_mask = 1;
  requests[4].cpu_svn[15] = 1;
  requests[5].attribute_mask[0] = 4;
  requests[6].attribute_mask[15] = 1;  // of no attribute that is set
  requests[7].key_id[31] = 1;
  requests[8].misc_mask[0] = 1;
  requests[9].config_svn = 1;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const auto a = device().get_key(keep(), requests[i]);
      const auto b = device().get_key(keep(), requests[j]);
      ASSERT_TRUE(a && b);
      EXPECT_FALSE(ct_equal(a->expose(), b->expose())) << i << " " << j;
    }
  }
}

TEST(SealKey, OfAnOlderBuildIsOpenToANewerOneAndNotTheOtherWayRound) {
  EnclaveIdentity newer = keep();
  newer.mr_enclave.fill(9);
  newer.isv_svn = 8;
  EXPECT_TRUE(same_key(keep(), newer, {.key_policy = policy::kMrSigner, .isv_svn = 7}));
  const auto refused = device().get_key(keep(), {.key_policy = policy::kMrSigner, .isv_svn = 8});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code(), Errc::kDenied);
  EXPECT_TRUE(device().get_key(newer, {.key_policy = policy::kMrSigner, .isv_svn = 8}));
}

TEST(SealKey, IsNotGivenAboveConfigSvnOrCpuSvn) {
  EXPECT_TRUE(device().get_key(keep(), {.config_svn = 8}));
  EXPECT_EQ(device().get_key(keep(), {.config_svn = 9}).error().code(), Errc::kDenied);
  for (std::size_t i = 0; i < kCpuSvn.size(); ++i) {
    sgx::KeyRequest request{.cpu_svn = kCpuSvn};
    EXPECT_TRUE(device().get_key(keep(), request));
    ++request.cpu_svn.at(i);
    const auto refused = device().get_key(keep(), request);
    ASSERT_FALSE(refused) << i;
    EXPECT_EQ(refused.error().code(), Errc::kDenied);
    EXPECT_EQ(refused.error().value(), i);
  }
}

// An updated platform still opens what it sealed before.
TEST(SealKey, OfAnOlderPlatformIsOpenToTheUpdatedOne) {
  auto more = kCpuSvn;
  ++more[3];
  const Processor updated(root("a"), more);
  const sgx::KeyRequest old_svn{.cpu_svn = kCpuSvn};
  EXPECT_TRUE(ct_equal(device().get_key(keep(), old_svn)->expose(),
                       updated.get_key(keep(), old_svn)->expose()));
}

TEST(GetKey, GivesNoOtherKeys) {
  using namespace sgx::key_name;
  for (const std::uint16_t name : {kEinitToken, kProvision, kProvisionSeal})
    EXPECT_EQ(device().get_key(keep(), {.key_name = name}).error().code(), Errc::kDenied) << name;
  for (const std::uint16_t name : std::array<std::uint16_t, 2>{5, 0xffff})
    EXPECT_EQ(device().get_key(keep(), {.key_name = name}).error().code(), Errc::kUnsupported);
}

}  // namespace
}  // namespace ward::soft
