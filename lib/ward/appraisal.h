#pragma once

#include <memory>

#include "explain/explanation.h"
#include "lib/ward/boundary.h"
#include "lib/ward/handles.h"

namespace ward::library {

// make_appraisal makes the handle, with every text as C takes it.
[[nodiscard]] Result<std::unique_ptr<ward_appraisal>, Fault> make_appraisal(
    explain::Explanation explanation);

}  // namespace ward::library
