#include "attest/layout.h"

#include <algorithm>
#include <utility>

namespace ward::attest {

LayoutField octets_field(Bytes whole, Bytes octets, std::string name, const char* type) {
  return {.offset = static_cast<std::size_t>(octets.data() - whole.data()),
          .size = octets.size(),
          .name = std::move(name),
          .type = type,
          .value = to_hex(octets)};
}

std::vector<LayoutField> fill_layout(std::vector<LayoutField> fields, Bytes whole,
                                     const char* type) {
  std::erase_if(fields, [](const LayoutField& field) { return field.size == 0; });
  std::ranges::stable_sort(fields, {}, &LayoutField::offset);
  std::vector<LayoutField> out;
  std::size_t at = 0;
  const auto fill_to = [&](std::size_t end) {
    if (end > at) out.push_back(octets_field(whole, whole.subspan(at, end - at), "between", type));
  };
  for (LayoutField& field : fields) {
    fill_to(field.offset);
    at = field.offset + field.size;
    out.push_back(std::move(field));
  }
  fill_to(whole.size());
  return out;
}

}  // namespace ward::attest
