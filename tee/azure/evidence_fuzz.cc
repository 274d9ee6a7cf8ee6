#include "base/fuzz.h"
#include "tee/azure/evidence.h"
#include "tee/azure/hcl.h"
#include "tee/azure/runtime_data.h"

// Property: what is read is written and read again to the same, of evidence, of an HCL report and
// of runtime data; the layout covers every octet. A byte before the input says which it is.
namespace {

using namespace ward;
using namespace ward::azure;

void require(bool property) {
  if (!property) __builtin_trap();
}

void check_layout(Bytes input) {
  std::size_t at = 0;
  for (const attest::LayoutField& field : layout_of(input)) {
    require(field.offset == at);
    at += field.size;
  }
  require(at == input.size());
}

void check_evidence(Bytes input) {
  (void)looks_like_evidence(input);
  auto evidence = parse_evidence(input);
  if (!evidence) return;
  check_layout(input);
  evidence->unread.clear();
  const auto again = parse_evidence(write_evidence(*evidence));
  require(again && *again == *evidence);
}

void check_runtime_data(Bytes input) {
  auto data = parse_runtime_data(input);
  if (!data) return;
  (void)attestation_key(*data);
  data->unknown.clear();
  for (RuntimeKey& key : data->keys) {
    if (key.type == "RSA") continue;
    key.modulus.clear();
    key.exponent.clear();
  }
  const auto again = parse_runtime_data(as_bytes(write_runtime_data(*data)));
  require(again && *again == *data);
}

void check_hcl(Bytes input) {
  const auto hcl = parse_hcl(input);
  if (!hcl) return;
  require(write_hcl(*hcl) == to_buffer(input));
  check_runtime_data(hcl->runtime_data);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes input = Bytes(data, size).subspan(1);
  switch (data[0] % 3) {
    case 0:
      check_evidence(input);
      break;
    case 1:
      check_hcl(input);
      break;
    default:
      check_runtime_data(input);
      break;
  }
  return 0;
}
