#pragma once

#include "apps/ward/cli.h"
#include "args/args.h"

// The roles of RFC 9334, each a command of its own below `ward role` (docs/protocols/appraise.md).
namespace ward::cli {

void add_role(args::Command& app, Action& action);

// Below `role`.
void add_role_verifier(args::Command& role, Action& action);
void add_role_relying_party(args::Command& role, Action& action);
void add_role_endorser(args::Command& role, Action& action);
void add_role_attester(args::Command& role, Action& action);

}  // namespace ward::cli
