#include "attest/workload.h"

#include <gtest/gtest.h>

namespace ward::attest {
namespace {

TEST(WorkloadField, holds_the_digest_and_zeros_or_the_first_32_octets) {
  const Buffer digest(kWorkloadSize, 0xab);
  EXPECT_EQ(workload_field(digest, 48), digest);  // MRCONFIGID
  Buffer config_id = digest;
  config_id.resize(64);
  EXPECT_EQ(workload_field(digest, 64), config_id);
  EXPECT_EQ(workload_field(digest, 32), Buffer(32, 0xab));  // HOST_DATA
  for (const std::size_t size : {0U, 1U, 31U, 33U, 47U})
    EXPECT_FALSE(workload_field(digest, size)) << size;
  for (const std::size_t size : {33U, 47U, 49U, 64U})
    EXPECT_FALSE(workload_field(Buffer(size, 1), 32)) << size;
  EXPECT_FALSE(workload_field({}, 32));
}

}  // namespace
}  // namespace ward::attest
