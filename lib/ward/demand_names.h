#pragma once

#include "attest/demands.h"

namespace ward::library {

// What the demands of a policy are called in libward.
inline constexpr attest::DemandNames kDemandNames{
    .accept_tcb = "ward_policy_accept_tcb",
    .accept_value = "ward_policy_accept_value",
    .refuse_value = "ward_policy_refuse_value",
    .min_value = "ward_policy_min_value",
    .min_tcb_evaluation = "ward_policy_min_tcb_evaluation",
    .min_tcb_date = "ward_policy_min_tcb_date",
    .tolerate = "ward_policy_tolerate",
    .refuse_product = "ward_policy_refuse_product",
    .chips = "ward_policy_accept_chips"};

}  // namespace ward::library
