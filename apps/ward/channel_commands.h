#pragma once

#include "apps/ward/cli.h"
#include "args/args.h"

// The commands of attested channels (docs/protocols/attested-tls.md).
namespace ward::cli {

void add_connect(args::Command& app, Action& action);
void add_proxy(args::Command& app, Action& action);

}  // namespace ward::cli
