#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/exchange.h"

namespace ward::args {
class Command;
}  // namespace ward::args

namespace ward::cli {

// read_policy reads a policy of wardd and checks its form and its words; the exit code where it is
// not right, after the line for people. `kind` is "evidence" or "results".
[[nodiscard]] Result<Buffer, int> read_policy(const std::string& kind, const std::string& path);

// RegoRule is what a policy in Rego for results is put into force with.
struct RegoRule {
  std::vector<std::string> resources;     // none: all
  std::vector<std::string> accepted_tcb;  // none: the policy judges
  bool allow_debug = false;
  bool allow_development = false;

  [[nodiscard]] bool given() const {
    return !resources.empty() || !accepted_tcb.empty() || allow_debug || allow_development;
  }
};

// add_rego_options registers them; `rule` outlives the parsing.
void add_rego_options(args::Command& command, RegoRule& rule);

// read_candidate is read_policy, with what was given for Rego for results: a mistake for others.
[[nodiscard]] Result<Buffer, int> read_candidate(const std::string& kind, const std::string& path,
                                                 const RegoRule& rule);

// policy_place is a policy's place at the server, "/v1/policy/...": exit code 2 where kind and
// repository do not fit together.
[[nodiscard]] Result<std::string, int> policy_place(const std::string& kind,
                                                    const std::string& repository);

// version_of_reply reads the version that the server answered, and prints it.
[[nodiscard]] int print_version(Bytes reply, bool json);

// version_headers make a change depend on the version in force (--if-version; 0: none is).
[[nodiscard]] std::vector<protocol::Header> version_headers(std::optional<std::uint64_t> version);

}  // namespace ward::cli
