#include "tee/dcap/tcb_status.h"

#include <array>

namespace ward::dcap {
namespace {

constexpr unsigned kHardening = 1;
constexpr unsigned kConfiguration = 2;
constexpr unsigned kOutOfDateBit = 4;
constexpr unsigned kRevokedBit = 8;
constexpr unsigned kRelaunch = 16;

struct Row {
  TcbStatus status;
  const char* text;
  unsigned needs;
};

constexpr std::array<Row, 9> kRows = {{
    {TcbStatus::kUpToDate, "UpToDate", 0},
    {TcbStatus::kSwHardeningNeeded, "SWHardeningNeeded", kHardening},
    {TcbStatus::kConfigurationNeeded, "ConfigurationNeeded", kConfiguration},
    {TcbStatus::kConfigurationAndSwHardeningNeeded, "ConfigurationAndSWHardeningNeeded",
     kConfiguration | kHardening},
    {TcbStatus::kOutOfDate, "OutOfDate", kOutOfDateBit},
    {TcbStatus::kOutOfDateConfigurationNeeded, "OutOfDateConfigurationNeeded",
     kOutOfDateBit | kConfiguration},
    {TcbStatus::kTdRelaunchAdvised, "TDRelaunchAdvised", kRelaunch},
    {TcbStatus::kTdRelaunchAdvisedConfigurationNeeded, "TDRelaunchAdvisedConfigurationNeeded",
     kRelaunch | kConfiguration},
    {TcbStatus::kRevoked, "Revoked", kRevokedBit},
}};

const Row& row(TcbStatus status) { return kRows[static_cast<std::size_t>(status)]; }

}  // namespace

const char* tcb_status_text(TcbStatus status) { return row(status).text; }

std::optional<TcbStatus> parse_tcb_status(std::string_view text) {
  for (const Row& r : kRows) {
    // No document says that a TD should be launched anew: the verifier finds that out.
    if (text == r.text && (r.needs & kRelaunch) == 0) return r.status;
  }
  return std::nullopt;
}

std::span<const char* const> acceptable_tcb_statuses(bool with_relaunch) {
  static_assert(kRows.back().status == TcbStatus::kRevoked);
  static_assert(kRows[kRows.size() - 2].needs == (kRelaunch | kConfiguration));
  static constexpr auto kTexts = [] {
    std::array<const char*, kRows.size() - 1> out{};
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = kRows[i].text;
    }
    return out;
  }();
  const std::span<const char* const> all = kTexts;
  return with_relaunch ? all : all.first(all.size() - 2);
}

TcbStatus converge(TcbStatus a, TcbStatus b) {
  unsigned needs = row(a).needs | row(b).needs;
  if ((needs & kRevokedBit) != 0) return TcbStatus::kRevoked;
  // An update, or a new launch, brings the advice for the new TCB with it.
  if ((needs & kOutOfDateBit) != 0) needs &= ~(kHardening | kRelaunch);
  if ((needs & kRelaunch) != 0) needs &= ~kHardening;
  for (const Row& r : kRows) {
    if (r.needs == needs) return r.status;
  }
  return TcbStatus::kRevoked;
}

}  // namespace ward::dcap
