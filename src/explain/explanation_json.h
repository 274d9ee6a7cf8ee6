#pragma once

#include "codec/json_write.h"
#include "explain/explanation.h"

namespace ward::explain {

// write_explanation writes the appraisal (ward.appraisal/1) with what it rests on (`materials`) and
// what to do (`advice`).
void write_explanation(codec::JsonWriter& out, const Explanation& explanation);

}  // namespace ward::explain
