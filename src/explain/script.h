#pragma once

#include <string>
#include <string_view>

#include "explain/explanation.h"

namespace ward::explain {

// work_script writes a POSIX shell script that derives every signature and digest of the work
// again, with openssl 3, jq and xxd, and without ward: docs/explain.md, "Show the work", says how
// it is run and what its exit codes mean. `program` is the name and version of what wrote it. What
// comes from evidence or collateral stands in the script as base64, or with every character left
// out that a shell or a terminal could read otherwise; it is never a part of a command.
[[nodiscard]] std::string work_script(const Explanation& explanation, std::string_view program);

}  // namespace ward::explain
