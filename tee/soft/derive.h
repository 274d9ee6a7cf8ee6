#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "base/bytes.h"
#include "base/writer.h"

// Inside tee/soft.
namespace ward::soft {

// labelled joins a label and parts, the length before each, so that no two lists give the same
// octets: what is hashed or derived from under a domain of its own.
[[nodiscard]] inline Buffer labelled(std::string_view label, std::initializer_list<Bytes> parts) {
  Writer w;
  w.u32le(static_cast<std::uint32_t>(label.size()));
  w.bytes(as_bytes(label));
  for (const Bytes part : parts) {
    w.u32le(static_cast<std::uint32_t>(part.size()));
    w.bytes(part);
  }
  return w.take();
}

}  // namespace ward::soft
