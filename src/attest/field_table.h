#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/claim_list.h"
#include "attest/scheme.h"
#include "base/bytes.h"
#include "base/reader.h"

namespace ward::attest {

// FieldRow is one field of a fixed-layout record under its specification's name: the layout and the
// claims of a record are both read off one table of them.
struct FieldRow {
  const char* name;
  std::size_t begin;
  std::size_t end;
  bool integer;   // a little-endian integer of at most eight octets; other fields are octets
  bool reserved;  // in the layout alone, not a claim
};

template <class F>
constexpr FieldRow field_row(const char* name, bool integer = false, bool reserved = false) {
  return {name, F::kBegin, F::kEnd, integer, reserved};
}

// little_endian reads at most eight octets.
[[nodiscard]] std::uint64_t little_endian(Bytes octets);

// Where a record lies and what its specification calls it.
struct RecordPlace {
  std::size_t offset = 0;  // in the evidence
  std::string prefix;      // before each field's name: "report_body."
  const char* type = "";   // the specification's structure
};

// add_table_layout lists every field of `record`, reserved ones included.
void add_table_layout(std::span<const FieldRow> table, Bytes record, const RecordPlace& place,
                      std::vector<LayoutField>& out);

// add_table_claims lists the fields that say something.
void add_table_claims(std::span<const FieldRow> table, Bytes record, std::string_view prefix,
                      ClaimList& out);

}  // namespace ward::attest
