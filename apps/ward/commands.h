#pragma once

#include "apps/ward/cli.h"

// The commands of `ward`, one per cmd_*.cc. main.cc lists them.
namespace ward::cli {

void add_checks(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);
void add_dev(CLI::App& app, Action& action);
void add_inspect(CLI::App& app, Action& action);
void add_keep(CLI::App& app, Action& action);
void add_keep_run(CLI::App& keep, Action& action);  // below `keep`
void add_key(CLI::App& app, Action& action);
void add_ledger(CLI::App& app, Action& action);
void add_open(CLI::App& app, Action& action);
void add_policy(CLI::App& app, Action& action);
void add_seal(CLI::App& app, Action& action);
void add_secret(CLI::App& app, Action& action);
void add_token(CLI::App& app, Action& action);
void add_verify(CLI::App& app, Action& action);

}  // namespace ward::cli
