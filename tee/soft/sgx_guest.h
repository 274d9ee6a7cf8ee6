#pragma once

#include <memory>

#include "tee/soft/guest.h"

// Inside tee/soft.
namespace ward::soft {

// launch_sgx is launch() for SGX faces; `processor` must outlive the guest.
[[nodiscard]] Result<std::unique_ptr<Guest>> launch_sgx(const IntelProcessor& processor,
                                                        const Face& face, const Launch& launch);

}  // namespace ward::soft
