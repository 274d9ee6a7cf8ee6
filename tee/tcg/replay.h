#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/algorithm.h"
#include "tee/tcg/event_log.h"

// What registers would hold had exactly the events of a log been extended into them, in order. Only
// where a register of genuine evidence holds the same value are that register's digests shown; of
// the data, only what coverage.h names.
namespace ward::tcg {

// Registers says what the register index of an event means.
enum class Registers : std::uint8_t {
  kPcr,   // a TPM's PCR
  kRtmr,  // UEFI 2.10, 38.4.1: 0 is the TD's build (MRTD), n + 1 is RTMR n; Arm CCA: RIM, REM
};

inline constexpr std::uint32_t kMaxPcr = 23;  // PC Client Platform TPM Profile 1.06, 4.6
inline constexpr std::uint32_t kMaxRtmr = 3;

// register_number is the PCR or RTMR that an index stands for; nullopt for what cannot be extended:
// the TD's build, and indices out of range.
[[nodiscard]] std::optional<std::uint32_t> register_number(Registers registers,
                                                           std::uint32_t index);

// guess_registers tells a confidential computing event log from a TPM's by its content: SHA-384
// alone, and no index that only PCRs have. For display; a verifier knows which it has.
[[nodiscard]] Registers guess_registers(const EventLog& log);

// sure_registers says whose registers a log extends where it can only be those: kPcr where it
// extends PCR 0, which no CCEL does, and one above 4, which no CCEL has; kRtmr where it extends
// some of 1 to 4 and nothing else. nullopt for everything else, and for a log whose header has
// index 1, as CCELs' have, but whose events extend something else: it may be one that was changed.
[[nodiscard]] std::optional<Registers> sure_registers(const EventLog& log);

// Anomaly is something in a log that its rules do not foresee.
enum class Anomaly : std::uint8_t {
  kSeparatorRepeated,  // more separators than the register's PCRs have
  kSeparatorShared,    // RTMRs: one more separator, of another of its PCRs. No fault
  kSeparatorValue,     // neither 0, 0xFFFFFFFF nor 1, in a register of the firmware
  kSeparatorError,     // 1: firmware reports that something went wrong
  kSeparatorDigest,    // not the digest of its value
  kSeparatorHidden,  // a separator's digest under another type; no fault: BootOrder 1, 0 has it too
  kLocalityRepeated,  // StartupLocality more than once; the first counts
  kLocalityLate,      // StartupLocality behind an event that extends PCR 0; it does not count
  kLocalityValue,     // neither 0, 3 nor 4; it does not count
  kBuildExtended,     // an event claims to extend the TD's build, which nothing can
};

[[nodiscard]] const char* to_text(Anomaly anomaly);

// is_fault is false for what genuine logs show too.
[[nodiscard]] bool is_fault(Anomaly anomaly);

// SeparatorDigests knows a separator by its digest, that of one of the three values that a
// separator may have, and not by its type, which whoever delivers a log can change.
class SeparatorDigests {
 public:
  explicit SeparatorDigests(Algorithm algorithm);

  [[nodiscard]] bool contains(Bytes digest) const;

 private:
  std::array<Buffer, 3> digests_;
};

// Remark is one anomaly, with the number of its event in the log.
struct Remark {
  Anomaly anomaly = Anomaly::kSeparatorRepeated;
  std::size_t event = 0;
};

// Replayed is one register after the replay.
struct Replayed {
  std::uint32_t number = 0;  // of the PCR or RTMR
  std::size_t events = 0;    // that extended it
  Buffer value;
};

// Replay is every register that the log extends, in the order of their numbers.
struct Replay {
  Registers kind = Registers::kPcr;
  Algorithm algorithm = Algorithm::kSha384;
  std::vector<Replayed> registers;
  std::vector<Remark> remarks;

  // initial is the value of a register that nothing extended: zeros, but all ones in PCR 17 to 22,
  // and the locality in PCR 0 where the log says one.
  [[nodiscard]] Buffer initial(std::uint32_t number) const;

  std::uint8_t locality = 0;  // of the TPM's startup
};

// replay computes the registers of one bank. kUnsupported: the log's header does not name the
// algorithm. kMalformed: an event that extends a register has no digest of that algorithm, or its
// index is out of range; the value is the event's number.
[[nodiscard]] Result<Replay> replay(const EventLog& log, Registers registers, Algorithm algorithm);

// Outcome of a comparison of one register.
enum class Outcome : std::uint8_t {
  kMatches,    // the log's events give exactly this value
  kDiffers,    // they give another: the log is not that of this register
  kUntouched,  // the log has no event for it, and nothing extended it
  kNotLogged,  // the log has no event for it, but something was extended: nobody says what
};

[[nodiscard]] const char* to_text(Outcome outcome);  // "matches", "differs", ...

// ExpectedRegister is a register as genuine evidence states it. Borrows.
struct ExpectedRegister {
  std::uint32_t number = 0;  // of the PCR or RTMR
  Bytes value;
};

// Comparison is the finding on one register.
struct Comparison {
  std::uint32_t number = 0;
  Outcome outcome = Outcome::kDiffers;
  std::size_t events = 0;
  Buffer expected;  // the evidence's value
  Buffer replayed;  // the log's
};

// compare gives one comparison for each expected register, in the order given. Registers that the
// log extends but `expected` does not list are not shown by anything.
[[nodiscard]] std::vector<Comparison> compare(const Replay& replay,
                                              std::span<const ExpectedRegister> expected);

}  // namespace ward::tcg
