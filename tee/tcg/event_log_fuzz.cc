#include "attest/appraisal_json.h"
#include "base/fuzz.h"
#include "codec/json_write.h"
#include "tee/tcg/event_log.h"
#include "tee/tcg/statement.h"

namespace {

void require(bool ok) {
  if (!ok) __builtin_trap();
}

// What the log says is JSON, and sums up to no more than its registers' events.
void read(const ward::tcg::EventLog& log, ward::tcg::Registers registers,
          ward::tcg::Algorithm algorithm) {
  const auto replayed = ward::tcg::replay(log, registers, algorithm);
  const auto statements = ward::tcg::read_statements(log, registers, algorithm);
  require(replayed.has_value() == statements.has_value());
  if (!statements) return;
  require(statements->size() == log.events.size());
  ward::codec::JsonWriter w;
  w.begin_array();
  for (const ward::tcg::Statement& s : *statements)
    ward::attest::write_claims(w, ward::tcg::statement_claims(s));
  std::vector<std::uint32_t> shown;
  std::vector<ward::tcg::ExpectedRegister> expected;
  for (const ward::tcg::Replayed& r : replayed->registers) {
    shown.push_back(r.number);
    expected.push_back({.number = r.number, .value = r.value});
  }
  for (const ward::tcg::Comparison& c : ward::tcg::compare(*replayed, expected))
    require(c.outcome == ward::tcg::Outcome::kMatches);
  ward::attest::write_claims(w, ward::tcg::boot_claims(*statements, registers, shown));
  require(w.end_array().take().has_value());
}

}  // namespace

// Properties: the events of whatever parses lie one behind the other up to the padding, writing it
// again gives the same octets, and all that it says can be written as JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const bool recognised = ward::tcg::is_event_log(in);
  const auto log = ward::tcg::parse_event_log(in);
  if (!log) return 0;
  require(recognised || log->form == ward::tcg::Form::kSha1);
  std::size_t at = 0;
  for (const ward::tcg::Event& event : log->events) {
    require(event.offset == at);
    at += event.size;
  }
  require(at + log->padding == size);
  require(ward::equal(ward::tcg::write_event_log(ward::tcg::to_parts(*log)), in));
  for (const auto& entry : log->spec.algorithms) {
    const auto algorithm = ward::tcg::known_algorithm(entry.id);
    if (!algorithm) continue;
    read(*log, ward::tcg::Registers::kPcr, *algorithm);
    read(*log, ward::tcg::Registers::kRtmr, *algorithm);
  }
  return 0;
}
