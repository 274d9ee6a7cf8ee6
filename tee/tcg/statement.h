#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "attest/appraisal.h"
#include "base/bytes.h"
#include "base/result.h"
#include "tee/tcg/coverage.h"
#include "tee/tcg/event_data.h"
#include "tee/tcg/event_log.h"
#include "tee/tcg/replay.h"

// What a log says, event by event, and how far each may be believed.
namespace ward::tcg {

// Statement is what one event says. Borrows the log.
struct Statement {
  std::size_t event = 0;  // its number in the log
  std::uint32_t type = 0;
  std::optional<std::uint32_t> number;  // of the register that it extends; nullopt: of none
  bool is_separator = false;            // by its digest
  bool after_separator = false;  // in its register: said by what ran after the firmware handed over
  Bytes digest;                  // empty for EV_NO_ACTION
  Bytes raw;                     // the event's data
  Covered covered;
  EventData data;
};

// read_statements reads every event of one bank. Fails as replay() does.
[[nodiscard]] Result<std::vector<Statement>> read_statements(const EventLog& log,
                                                             Registers registers,
                                                             Algorithm algorithm);

// statement_claims lists what the event's data says, ready for JSON: "variable", "text", ...; long
// octets by their size and SHA-256.
[[nodiscard]] std::vector<attest::Claim> statement_claims(const Statement& statement);

// SecureBoot is the state that the firmware booted with.
struct SecureBoot {
  std::optional<bool> enabled;
  const char* why_unknown = "";  // where it is not known
};

// secure_boot believes the variable SecureBoot where it stands once in PCR 7 (RTMR 0), whole, and
// before that register's first separator: what comes later anyone could have extended. And where
// nothing in that register, whatever the log calls it, is the variable with another value: a host
// that has its own octets measured there (QEMU's fw_cfg) could relabel the two.
[[nodiscard]] SecureBoot secure_boot(std::span<const Statement> statements, Registers registers);

// boot_claims sums up what the registers in `shown` (numbers that compare() found to match) are
// proved to have been extended with: claims "event_log.secure_boot", "event_log.images", ...
// Digests are in the registers; names beside a digest, and which text is a command line, are the
// log's word.
[[nodiscard]] std::vector<attest::Claim> boot_claims(std::span<const Statement> statements,
                                                     Registers registers,
                                                     std::span<const std::uint32_t> shown);

// measured_claims lists, for each register in `shown`, everything that it was extended with but
// separators, in the log's order: "event_log.rtmr2_measured". An item is a text where the register
// proves it, of at most attest::kMaxItemText octets and not itself like a digest; else the digest
// in hex. No label of the log counts, so that a policy that accepts every item knows all that was
// measured there.
[[nodiscard]] std::vector<attest::Claim> measured_claims(std::span<const Statement> statements,
                                                         Registers registers,
                                                         std::span<const std::uint32_t> shown);

}  // namespace ward::tcg
