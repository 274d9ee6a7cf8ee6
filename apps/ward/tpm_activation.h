#pragma once

#include "apps/ward/cli.h"

namespace ward::args {
class Command;
}  // namespace ward::args

namespace ward::cli {

// add_tpm_activation adds challenge, respond and accept below `ward tpm`.
void add_tpm_activation(args::Command& tpm, Action& action);

}  // namespace ward::cli
