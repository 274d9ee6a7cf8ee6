#include "base/fuzz.h"
#include "protocol/channel/message.h"

namespace channel = ward::protocol::channel;

// What parses is written to the same octets; what is cut does not parse.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 65536) return 0;
  const ward::Bytes in(data, size);
  const auto head = channel::parse_head(in);
  const auto message = channel::parse_message(in);
  if (message && !head) __builtin_trap();
  if (head && channel::kind_name(head->kind) == "no message") __builtin_trap();
  if (!message) return 0;
  if (!ward::equal(channel::write_message(*message), in)) __builtin_trap();
  if (channel::parse_message(in.first(size - 1))) __builtin_trap();
  return 0;
}
