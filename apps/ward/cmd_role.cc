#include "apps/ward/role.h"
#include "args/args.h"

namespace ward::cli {

void add_role(args::Command& app, Action& action) {
  args::Command* role = app.add_subcommand(
      "role", "one role of RFC 9334 alone: verifier, relying party, endorser or attester");
  role->require_subcommand(1);
  add_role_verifier(*role, action);
  add_role_relying_party(*role, action);
  add_role_endorser(*role, action);
  add_role_attester(*role, action);
}

}  // namespace ward::cli
