#pragma once

#include <string_view>

#include "base/time.h"
#include "broker/broker.h"

namespace ward::broker {

inline constexpr std::string_view kRateTable = "kbs.rate";  // "appraisals": the minute, how many

// count_appraisal counts one appraisal that is about to be made, in the store, so that all replicas
// count together: 429 where there were as many in this minute as the quota allows. The default is
// no bound, and nothing is written then. `type` is of the refusal. Thread safe.
[[nodiscard]] Answer<void> count_appraisal(const Service& service, std::string_view type,
                                           UnixTime now);

}  // namespace ward::broker
