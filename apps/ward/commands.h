#pragma once

#include "apps/ward/cli.h"

// The commands of `ward`, one per cmd_*.cc. main.cc lists them.
namespace ward::cli {

void add_keep(CLI::App& app, Action& action);
void add_ledger(CLI::App& app, Action& action);
void add_token(CLI::App& app, Action& action);

}  // namespace ward::cli
