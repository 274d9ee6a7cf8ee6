#pragma once

#include <string>
#include <vector>

#include "attest/scheme.h"

namespace ward::attest {

// octets_field is a field of octets that stand in `whole`; `octets` is a view into it.
[[nodiscard]] LayoutField octets_field(Bytes whole, Bytes octets, std::string name,
                                       const char* type);

// fill_layout sorts fields that do not overlap by their place, and puts a field "between" of `type`
// wherever octets of `whole` lie between them: heads of CBOR and what else has no name of its own.
[[nodiscard]] std::vector<LayoutField> fill_layout(std::vector<LayoutField> fields, Bytes whole,
                                                   const char* type);

}  // namespace ward::attest
