#pragma once

#include <string>
#include <vector>

#include "codec/json_write.h"
#include "explain/explanation.h"

namespace ward::explain {

// Change is one difference between two appraisals of the same evidence.
struct Change {
  std::string what;  // "verdict", a check's id, "tcb.status", a document's object
  std::string then;
  std::string now;
  std::string why;  // a sentence; may be empty
};

// changes lists what differs: the verdict first, then checks, TCB and documents. The same evidence
// and collateral, appraised as of two times. Pure.
[[nodiscard]] std::vector<Change> changes(const Explanation& then, const Explanation& now);

// comparison_text prints them for a terminal, with the days that each document has left at either
// time.
[[nodiscard]] std::string comparison_text(const Explanation& then, const Explanation& now);

// write_comparison writes ward.comparison/1: both explanations, and the changes.
void write_comparison(codec::JsonWriter& out, const Explanation& then, const Explanation& now);

}  // namespace ward::explain
