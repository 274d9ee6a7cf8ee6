// A verification with collateral at hand opens no socket.
#include <gtest/gtest.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/support/vectors.h"

namespace ward {
namespace {

constexpr int kNotSet = 120;  // the child could not be set up

bool kill_on_socket() {
  scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
  if (filter == nullptr) return false;
  bool ok = true;
  for (const int call :
       {SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind)}) {
    ok = ok && seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, call, 0) == 0;
  }
  ok = ok && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return ok;
}

// Runs `run` in a child without a network and returns its wait status.
template <class Run>
int status_of(Run run) {
  const pid_t child = fork();
  if (child == 0) {
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) _exit(kNotSet);
    if (!kill_on_socket()) _exit(kNotSet);
    run();
    _exit(kNotSet);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(Offline, TheFilterKillsWhoeverOpensASocket) {
  const int status = status_of([] { _exit(socket(AF_INET, SOCK_STREAM, 0) < 0 ? 1 : 0); });
  EXPECT_TRUE(WIFSIGNALED(status));
}

TEST(Offline, VerifyRunsToItsVerdictWithoutASocketOrANetwork) {
  WARD_NEED_VECTORS();
  const std::string quote = test::vectors_dir() / "sgx/sgx_v3_automata-network_c81a90ee.dat";
  const std::string collateral = test::vectors_dir() / "dcap";
  const int status = status_of([&] {
    execl(WARD_PROGRAM, "ward", "verify", quote.c_str(), "--collateral", collateral.c_str(), "--at",
          "2024-05-18T18:22:51Z", "--accept-tcb", "SWHardeningNeeded", nullptr);
  });
  ASSERT_TRUE(WIFEXITED(status)) << "killed by signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace ward
