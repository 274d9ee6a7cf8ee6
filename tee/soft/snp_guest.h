#pragma once

#include <cstdint>
#include <memory>

#include "tee/soft/guest.h"

// Inside tee/soft, but for guest_policy_of.
namespace ward::soft {

// guest_policy_of is the GUEST_POLICY that the launcher gives every keep on SNP: what an ID block
// must state. SMT is allowed, debugging as asked for.
[[nodiscard]] std::uint64_t guest_policy_of(bool debug);

// launch_snp is launch() for SNP faces; `processor` must outlive the guest.
[[nodiscard]] Result<std::unique_ptr<Guest>> launch_snp(const AmdProcessor& processor,
                                                        const Face& face, const Launch& launch,
                                                        crypto::Rng& rng);

}  // namespace ward::soft
