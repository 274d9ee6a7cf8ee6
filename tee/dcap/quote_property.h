#pragma once

#include "tee/dcap/quote_scheme.h"

namespace ward::dcap {

// check_quote_property is what fuzz targets hold every input to: the layout of whatever parses
// covers it exactly, and writing it again gives the same octets. Ends the process where that is not
// so.
inline void check_quote_property(const QuoteScheme& scheme, TeeType tee, Bytes in) {
  const auto quote = parse_quote(in, tee);
  if (!quote) return;
  if (!equal(write_quote(parts_of(*quote)), in)) __builtin_trap();
  const auto fields = scheme.layout(in);
  const auto claims = scheme.inspect(in);
  if (!fields || !claims) __builtin_trap();
  std::size_t at = 0;
  for (const attest::LayoutField& field : *fields) {
    if (field.offset != at) __builtin_trap();
    at += field.size;
  }
  if (at != in.size()) __builtin_trap();
}

}  // namespace ward::dcap
