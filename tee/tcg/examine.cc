#include "tee/tcg/examine.h"

#include <iterator>

#include "tee/tcg/statement.h"

namespace ward::tcg {

Result<LogFindings> examine(Bytes log, Registers registers, Algorithm algorithm,
                            std::span<const ExpectedRegister> expected) {
  WARD_TRY(const EventLog parsed, parse_event_log(log));
  WARD_TRY(Replay replayed, replay(parsed, registers, algorithm));
  WARD_TRY(const std::vector<Statement> statements, read_statements(parsed, registers, algorithm));
  LogFindings out{.registers = compare(replayed, expected)};
  std::vector<std::uint32_t> shown;
  for (const Comparison& c : out.registers) {
    if (c.outcome == Outcome::kMatches) shown.push_back(c.number);
  }
  out.remarks = std::move(replayed.remarks);
  out.claims = boot_claims(statements, registers, shown);
  auto measured = measured_claims(statements, registers, shown);
  out.claims.insert(out.claims.end(), std::make_move_iterator(measured.begin()),
                    std::make_move_iterator(measured.end()));
  return out;
}

}  // namespace ward::tcg
