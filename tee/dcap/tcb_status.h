#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace ward::dcap {

// TcbStatus as Intel's TCB info and enclave identity state it (Intel PCS API v4, tcbStatus), and
// the two that a verifier finds out for a TD (Intel TDX DCAP Quote Verification, TD relaunch
// check): the platform was updated while the TD ran, and a TD launched now would be up to date.
enum class TcbStatus : std::uint8_t {
  kUpToDate,
  kSwHardeningNeeded,
  kConfigurationNeeded,
  kConfigurationAndSwHardeningNeeded,
  kOutOfDate,
  kOutOfDateConfigurationNeeded,
  kTdRelaunchAdvised,
  kTdRelaunchAdvisedConfigurationNeeded,
  kRevoked,
};

// tcb_status_text gives Intel's word: "SWHardeningNeeded".
[[nodiscard]] const char* tcb_status_text(TcbStatus status);

// parse_tcb_status is nullopt for a word that Intel's documents do not use.
[[nodiscard]] std::optional<TcbStatus> parse_tcb_status(std::string_view text);

// acceptable_tcb_statuses lists the words that a policy may accept: all but Revoked, and without
// the two of TDs where `with_relaunch` is false.
[[nodiscard]] std::span<const char* const> acceptable_tcb_statuses(bool with_relaunch);

// converge joins the platform's and the quoting enclave's status to the worst of both: what is out
// of date, needs configuration or hardening in either does so in the whole, and Revoked absorbs
// everything.
[[nodiscard]] TcbStatus converge(TcbStatus a, TcbStatus b);

}  // namespace ward::dcap
