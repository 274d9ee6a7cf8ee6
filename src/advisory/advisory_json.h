#pragma once

#include "advisory/select.h"
#include "attest/appraisal.h"
#include "codec/json_write.h"

namespace ward::advisory {

// The schema's name, published as docs/schemas/ward.advisories-1.json.
inline constexpr const char* kAdvisoriesSchema = "ward.advisories/1";

// write_selection writes one JSON object: schema, platform (of `appraisal`, null where no platform
// was judged), attacks, undated.
void write_selection(codec::JsonWriter& out, const Selection& selection,
                     const attest::Appraisal* appraisal);

}  // namespace ward::advisory
