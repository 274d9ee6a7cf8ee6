#pragma once

#include <string>

// The makers' words for the state of a TCB, over all TEEs of this build.
namespace ward::cli {

// known_status is true for a word that a policy may accept: Revoked is none.
[[nodiscard]] bool known_status(const std::string& status);

// known_statuses is "one of UpToDate, OutOfDate, ...", for a hint.
[[nodiscard]] std::string known_statuses();

}  // namespace ward::cli
