#include "tee/dcap/tcb_status.h"

#include <string>

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
                              kTdRelaunchAdvised,
                              kTdRelaunchAdvisedConfigurationNeeded,
                              kRevoked};

TEST(TcbStatus, ReadsEveryWordOfTheApiAndNoOther) {
  for (const TcbStatus s : kAll) {
    if (s == kTdRelaunchAdvised || s == kTdRelaunchAdvisedConfigurationNeeded) continue;
    EXPECT_EQ(parse_tcb_status(tcb_status_text(s)), s);
  }
  for (const char* bad : {"", "uptodate", "UpToDate ", "Unknown", "TDRelaunchAdvised",
                          "TDRelaunchAdvisedConfigurationNeeded"}) {
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

// A new launch does not help where the platform itself is out of date.
TEST(Converge, OutOfDateIsWorseThanRelaunchAdvised) {
  EXPECT_EQ(converge(kTdRelaunchAdvised, kOutOfDate), kOutOfDate);
  EXPECT_EQ(converge(kTdRelaunchAdvisedConfigurationNeeded, kOutOfDate),
            kOutOfDateConfigurationNeeded);
  EXPECT_EQ(converge(kTdRelaunchAdvised, kConfigurationNeeded),
            kTdRelaunchAdvisedConfigurationNeeded);
  EXPECT_EQ(converge(kTdRelaunchAdvised, kSwHardeningNeeded), kTdRelaunchAdvised);
}

TEST(AcceptableStatuses, AreAllButRevokedAndForTdsAloneThoseOfARelaunch) {
  EXPECT_EQ(acceptable_tcb_statuses(false).size(), 6U);
  EXPECT_EQ(acceptable_tcb_statuses(true).size(), 8U);
  EXPECT_EQ(std::string(acceptable_tcb_statuses(true).back()),
            "TDRelaunchAdvisedConfigurationNeeded");
}

}  // namespace
}  // namespace ward::dcap
