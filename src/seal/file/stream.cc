#include "seal/file/fault.h"
#include "seal/file/head_bytes.h"

namespace ward::seal {
namespace {

template <std::size_t N>
Result<std::array<std::uint8_t, N>> read_array(const ReadFn& in, std::size_t offset) {
  std::array<std::uint8_t, N> out{};
  WARD_TRY(const std::size_t n, read_full(in, out));
  if (n < N) return fault_error(Fault::kTruncated, offset + n);
  return out;
}

}  // namespace

Result<std::size_t> read_full(const ReadFn& in, std::span<std::uint8_t> out) {
  std::size_t filled = 0;
  while (filled < out.size()) {
    WARD_TRY(const std::size_t n, in(out.subspan(filled)));
    if (n == 0) break;
    if (n > out.size() - filled) return Error(Errc::kInternal, "seal.file: reader overran");
    filled += n;
  }
  return filled;
}

Result<Head> read_head(const ReadFn& in) {
  Head head;
  head.prefix.resize(kPrefixBytes);
  WARD_TRY(const std::size_t n, read_full(in, head.prefix));
  head.prefix.resize(n);
  WARD_TRY(const std::uint32_t size, parse_prefix(head.prefix));
  head.octets.resize(size);
  WARD_TRY(const std::size_t read, read_full(in, head.octets));
  if (read < size) return fault_error(Fault::kTruncated, kPrefixBytes + read);
  WARD_TRY(head.header, parse_header(head.octets));
  std::size_t offset = kPrefixBytes + size;
  WARD_TRY(head.mac, read_array<kMacBytes>(in, offset));
  if (head.header.provenance) {
    offset += kMacBytes;
    WARD_TRY(head.signature, read_array<kSignatureBytes>(in, offset));
  }
  return head;
}

}  // namespace ward::seal
