#pragma once

#include <memory>

#include "tee/soft/guest.h"

// Inside tee/soft.
namespace ward::soft {

// launch_tdx is launch() for TDX faces; `processor` must outlive the guest.
[[nodiscard]] Result<std::unique_ptr<Guest>> launch_tdx(const IntelProcessor& processor,
                                                        const Face& face, const Launch& launch);

}  // namespace ward::soft
