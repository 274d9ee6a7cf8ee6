#pragma once

#include <memory>

#include "explain/explanation.h"
#include "lib/ward/boundary.h"
#include "lib/ward/handles.h"

namespace ward::library {

// make_appraisal makes the handle, with every text as C takes it.
[[nodiscard]] Result<std::unique_ptr<ward_appraisal>, Fault> make_appraisal(
    explain::Explanation explanation);

// show_appraisal fills `out`, which is new, with an appraisal of a batch: borrowed, or where C
// could not read its texts, a copy. `policy` is what it was made by.
void show_appraisal(const attest::Appraisal& appraisal, const attest::Policy& policy,
                    ward_appraisal& out);

}  // namespace ward::library
