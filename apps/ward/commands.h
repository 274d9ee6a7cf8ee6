#pragma once

#include "apps/ward/cli.h"

// The commands of `ward`, one per cmd_*.cc. main.cc lists them.
namespace ward::cli {

void add_admin(args::Command& app, Action& action);
void add_advisories(args::Command& app, Action& action);
void add_appraisal(args::Command& app, Action& action);
void add_attest(args::Command& app, Action& action);
void add_checks(args::Command& app, Action& action);
void add_demo(args::Command& app, Action& action);
void add_dev(args::Command& app, Action& action);
void add_dev_serve(args::Command& dev, Action& action);  // below `dev`
void add_dev_make(args::Command& dev, Action& action);   // below `dev`
void add_dev_sign(args::Command& dev, Action& action);   // below `dev`
void add_incident(args::Command& app, Action& action);
void add_inspect(args::Command& app, Action& action);
void add_keep(args::Command& app, Action& action);
void add_keep_run(args::Command& keep, Action& action);  // below `keep`
void add_key(args::Command& app, Action& action);
void add_keystone(args::Command& app, Action& action);
void add_lease(args::Command& app, Action& action);
void add_ledger(args::Command& app, Action& action);
void add_login(args::Command& app, Action& action);  // and logout
void add_open(args::Command& app, Action& action);
void add_policy(args::Command& app, Action& action);
void add_policy_default(args::Command& policy, Action& action);   // below `policy`
void add_policy_replay(args::Command& policy, Action& action);    // below `policy`
void add_policy_test(args::Command& policy, Action& action);      // below `policy`
void add_policy_versions(args::Command& policy, Action& action);  // below `policy`
void add_refval(args::Command& app, Action& action);
void add_seal(args::Command& app, Action& action);
void add_secret(args::Command& app, Action& action);
void add_sev(args::Command& app, Action& action);
void add_sev_launch_commands(args::Command& sev, Action& action);  // below `sev`
void add_tenant(args::Command& app, Action& action);
void add_token(args::Command& app, Action& action);
void add_tpm(args::Command& app, Action& action);
void add_up(args::Command& app, Action& action);
void add_verify(args::Command& app, Action& action);
void add_watch(args::Command& app, Action& action);
void add_webhook(args::Command& app, Action& action);

}  // namespace ward::cli
