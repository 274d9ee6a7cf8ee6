#include "attest/field_table.h"

namespace ward::attest {

std::uint64_t little_endian(Bytes octets) {
  std::uint64_t v = 0;
  for (std::size_t i = octets.size(); i > 0; --i) {
    v = (v << 8U) | octets[i - 1];
  }
  return v;
}

void add_table_layout(std::span<const FieldRow> table, Bytes record, const RecordPlace& place,
                      std::vector<LayoutField>& out) {
  for (const FieldRow& r : table) {
    const Bytes b = record.subspan(r.begin, r.end - r.begin);
    out.push_back({.offset = place.offset + r.begin,
                   .size = b.size(),
                   .name = place.prefix + r.name,
                   .type = place.type,
                   .value = r.integer ? std::to_string(little_endian(b)) : to_hex(b)});
  }
}

void add_table_claims(std::span<const FieldRow> table, Bytes record, std::string_view prefix,
                      ClaimList& out) {
  for (const FieldRow& r : table) {
    if (r.reserved) continue;
    const Bytes b = record.subspan(r.begin, r.end - r.begin);
    if (r.integer) {
      out.number({prefix, r.name}, little_endian(b));
    } else {
      out.octets({prefix, r.name}, b);
    }
  }
}

}  // namespace ward::attest
