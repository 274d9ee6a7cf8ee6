#pragma once

#include <concepts>
#include <cstdint>

#include "base/bytes.h"

namespace ward {

// Writer appends fixed-width integers and octets to a buffer that it owns: the inverse of Reader.
class Writer {
 public:
  void u8(std::uint8_t v) { out_.push_back(v); }

  void u16le(std::uint16_t v) { le(v); }

  void u32le(std::uint32_t v) { le(v); }

  void u64le(std::uint64_t v) { le(v); }

  void u16be(std::uint16_t v) { be(v); }

  void u32be(std::uint32_t v) { be(v); }

  void u64be(std::uint64_t v) { be(v); }

  void bytes(Bytes b) { out_.insert(out_.end(), b.begin(), b.end()); }

  void zeros(std::size_t n) { out_.insert(out_.end(), n, 0); }

  [[nodiscard]] std::size_t size() const { return out_.size(); }

  [[nodiscard]] Bytes view() const { return out_; }

  // take hands the buffer over and leaves the writer empty.
  [[nodiscard]] Buffer take() { return std::move(out_); }

 private:
  template <std::unsigned_integral T>
  void le(T v) {
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      u8(static_cast<std::uint8_t>((static_cast<std::uint64_t>(v) >> (8 * i)) & 255U));
    }
  }

  template <std::unsigned_integral T>
  void be(T v) {
    for (std::size_t i = sizeof(T); i > 0; --i) {
      u8(static_cast<std::uint8_t>((static_cast<std::uint64_t>(v) >> (8 * (i - 1))) & 255U));
    }
  }

  Buffer out_;
};

}  // namespace ward
