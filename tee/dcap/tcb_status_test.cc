#include "tee/dcap/tcb_status.h"

#include <gtest/gtest.h>

namespace ward::dcap {
namespace {

using enum TcbStatus;

constexpr TcbStatus kAll[] = {kUpToDate,
                              kSwHardeningNeeded,
                              kConfigurationNeeded,
                              kConfigurationAndSwHardeningNeeded,
                              kOutOfDate,
                              kOutOfDateConfigurationNeeded,
                              kRevoked};

TEST(TcbStatus, ReadsEveryWordOfTheApiAndNoOther) {
  for (const TcbStatus s : kAll)
    EXPECT_EQ(parse_tcb_status(tcb_status_text(s)), s);
  for (const char* bad : {"", "uptodate", "UpToDate ", "Unknown", "TDRelaunchAdvised"}) {
    EXPECT_FALSE(parse_tcb_status(bad)) << bad;
  }
}

TEST(Converge, IsSymmetricAndNeverBetterThanEither) {
  for (const TcbStatus a : kAll) {
    EXPECT_EQ(converge(a, a), a);
    EXPECT_EQ(converge(a, kRevoked), kRevoked);
    EXPECT_EQ(converge(a, kUpToDate), a);
    for (const TcbStatus b : kAll)
      EXPECT_EQ(converge(a, b), converge(b, a));
  }
}

// Intel SGX DCAP Quote Verification Library, convergence of the platform's status with an
// out-of-date quoting enclave.
TEST(Converge, AnOutOfDateQuotingEnclaveMakesThePlatformOutOfDate) {
  EXPECT_EQ(converge(kUpToDate, kOutOfDate), kOutOfDate);
  EXPECT_EQ(converge(kSwHardeningNeeded, kOutOfDate), kOutOfDate);
  EXPECT_EQ(converge(kConfigurationNeeded, kOutOfDate), kOutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(kConfigurationAndSwHardeningNeeded, kOutOfDate),
            kOutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(kOutOfDateConfigurationNeeded, kOutOfDate), kOutOfDateConfigurationNeeded);
}

}  // namespace
}  // namespace ward::dcap
