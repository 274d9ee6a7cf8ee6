#include <cstdlib>

#include "base/fuzz.h"
#include "seal/file/header.h"

// What is read as a head is written again to the same octets, and can be described.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > ward::seal::kMaxHeaderBytes + 256) return 0;
  const ward::Bytes input(data, size);
  const auto head = ward::seal::parse_head(input);
  if (!head) return 0;
  const ward::Buffer octets = head->bytes();
  if (!ward::equal(octets, input.first(octets.size()))) std::abort();
  const auto again = ward::seal::write_header(head->header);
  if (!again || !ward::equal(*again, head->octets)) std::abort();
  if (!ward::seal::describe_json(*head)) std::abort();
  if (ward::seal::describe_text(*head).empty()) std::abort();
  return 0;
}
