// Any octets as a target, and as an Idempotency-Key: no crash; what is taken keeps its bounds, is
// UTF-8, and is the same when it is encoded and read again.
#include <string>

#include "base/fuzz.h"
#include "codec/utf8.h"
#include "server/keyed_store.h"
#include "server/query.h"

namespace {

using namespace ward;

std::string encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<std::uint8_t>(c);
    out += "%" + to_hex(Bytes(&octet, 1));
  }
  return out;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 1U << 15U) return 0;
  const std::string_view input = as_text(Bytes(data, size));
  const auto key = server::key_of(input);
  if (key && (key->empty() || key->size() > server::kMaxKeyText)) __builtin_trap();
  const auto query = server::Query::parse(input, "after limit since");
  if (!query) return 0;
  std::string again = "/?";
  for (const std::string_view name : {"after", "limit", "since"}) {
    const auto value = query->find(name);
    if (!value) continue;
    if (!codec::is_utf8(*value)) __builtin_trap();
    again += (again.size() > 2 ? "&" : "") + std::string(name) + "=" + encoded(*value);
  }
  const auto reread = server::Query::parse(again, "after limit since");
  if (!reread) __builtin_trap();
  for (const std::string_view name : {"after", "limit", "since"}) {
    if (query->find(name) != reread->find(name)) __builtin_trap();
  }
  const auto page = query->page();
  if (page && (page->limit < 1 || page->limit > server::kMaxPage)) __builtin_trap();
  return 0;
}
