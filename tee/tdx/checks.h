#pragma once

#include "tee/dcap/checks.h"

namespace ward::tdx {

// OwnCheck numbers the checks of checks.def. In the table they follow the shared ones.
enum class OwnCheck : std::uint8_t {
#define WARD_TDX_CHECK(name, id, reference, meaning, hint) name,
#include "tee/tdx/checks.def"
#undef WARD_TDX_CHECK
  kEnd
};

// check_id is the place in the list of checks that the shared code fills.
constexpr dcap::CheckId check_id(OwnCheck check) {
  return static_cast<dcap::CheckId>(static_cast<unsigned>(dcap::CheckId::kEnd) +
                                    static_cast<unsigned>(check));
}

}  // namespace ward::tdx
