#include "base/fuzz.h"
#include "tee/tcg/event_log.h"

// Properties: the events of whatever parses lie one behind the other up to the padding, and
// writing it again gives the same octets.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ward::Bytes in(data, size);
  const bool recognised = ward::tcg::is_event_log(in);
  const auto log = ward::tcg::parse_event_log(in);
  if (!log) return 0;
  if (log->form == ward::tcg::Form::kCryptoAgile && !recognised) __builtin_trap();
  std::size_t at = 0;
  for (const ward::tcg::Event& event : log->events) {
    if (event.offset != at) __builtin_trap();
    at += event.size;
  }
  if (at + log->padding != size) __builtin_trap();
  if (!ward::equal(ward::tcg::write_event_log(ward::tcg::to_parts(*log)), in)) __builtin_trap();
  return 0;
}
