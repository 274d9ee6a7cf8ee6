#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace ward {

// Reader walks a borrowed buffer. Each call either consumes exactly what it
// names and returns true, or consumes nothing and returns false. It never
// allocates, never throws and never reads outside the buffer.
class Reader {
 public:
  explicit Reader(Bytes in) : whole_(in), rest_(in) {}

  [[nodiscard]] bool u8(std::uint8_t& out) { return le(out); }

  [[nodiscard]] bool u16le(std::uint16_t& out) { return le(out); }

  [[nodiscard]] bool u32le(std::uint32_t& out) { return le(out); }

  [[nodiscard]] bool u64le(std::uint64_t& out) { return le(out); }

  [[nodiscard]] bool u16be(std::uint16_t& out) { return be(out); }

  [[nodiscard]] bool u32be(std::uint32_t& out) { return be(out); }

  [[nodiscard]] bool u64be(std::uint64_t& out) { return be(out); }

  [[nodiscard]] bool bytes(std::size_t n, Bytes& out) {
    if (n > rest_.size()) return false;
    out = rest_.first(n);
    rest_ = rest_.subspan(n);
    return true;
  }

  template <std::size_t N>
  [[nodiscard]] bool array(std::array<std::uint8_t, N>& out) {
    Bytes b;
    if (!bytes(N, b)) return false;
    std::copy(b.begin(), b.end(), out.begin());
    return true;
  }

  // Reads a 32-bit little-endian length of at most `max`, then a reader over
  // exactly that many bytes.
  [[nodiscard]] bool nested_u32le(std::uint32_t max, Reader& out) {
    Reader probe = *this;
    std::uint32_t n = 0;
    Bytes b;
    if (!probe.u32le(n) || n > max || !probe.bytes(n, b)) return false;
    out = Reader(b);
    *this = probe;
    return true;
  }

  // Returns everything not yet consumed, without consuming it.
  [[nodiscard]] Bytes rest() const { return rest_; }

  [[nodiscard]] bool empty() const { return rest_.empty(); }

  [[nodiscard]] std::size_t offset() const { return whole_.size() - rest_.size(); }

 private:
  template <std::unsigned_integral T>
  bool le(T& out) {
    Bytes b;
    if (!bytes(sizeof(T), b)) return false;
    T v = 0;
    for (std::size_t i = sizeof(T); i > 0; --i) {
      v = static_cast<T>((static_cast<std::uint64_t>(v) << 8U) | b[i - 1]);
    }
    out = v;
    return true;
  }

  template <std::unsigned_integral T>
  bool be(T& out) {
    Bytes b;
    if (!bytes(sizeof(T), b)) return false;
    T v = 0;
    for (const std::uint8_t byte : b) {
      v = static_cast<T>((static_cast<std::uint64_t>(v) << 8U) | byte);
    }
    out = v;
    return true;
  }

  Bytes whole_;
  Bytes rest_;
};

// Field<Offset, Size> names one field of a fixed-layout record. Because the
// record is a fixed-extent span, a field outside it does not compile.
template <std::size_t Offset, std::size_t Size>
struct Field {
  static constexpr std::size_t kBegin = Offset;
  static constexpr std::size_t kEnd = Offset + Size;

  template <std::size_t N>
  static constexpr std::span<const std::uint8_t, Size> in(std::span<const std::uint8_t, N> record) {
    return record.template subspan<Offset, Size>();
  }
};

// True when the fields, in the given order, leave no gap and no overlap.
template <class First, class... Rest>
consteval bool covers(std::size_t size) {
  std::size_t at = First::kEnd;
  bool ok = First::kBegin == 0;
  ((ok = ok && Rest::kBegin == at, at = Rest::kEnd), ...);
  return ok && at == size;
}

}  // namespace ward
