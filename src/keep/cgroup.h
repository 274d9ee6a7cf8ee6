#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/types.h>

#include "base/result.h"
#include "keep/launcher.h"
#include "keep/manifest.h"

namespace ward::keep {

// CgroupPlace is a folder of a cgroup hierarchy below which this process may make groups.
struct CgroupPlace {
  std::filesystem::path folder;
  bool unified = false;                  // version 2
  std::vector<std::string> controllers;  // "memory", "pids"
};

// find_cgroups reads the mounts and the own membership from a proc folder (/proc/self). Version 2
// counts only where the controllers are handed down to children already.
[[nodiscard]] std::vector<CgroupPlace> find_cgroups(const std::filesystem::path& proc_self);

// group_name is what a launcher calls the group of its keep `number`.
[[nodiscard]] std::string group_name(pid_t launcher, std::uint32_t number);

// remove_orphaned_groups removes the groups of keeps whose launcher was killed; their processes die
// with it. False where one is not empty yet: call it again later.
[[nodiscard]] bool remove_orphaned_groups(const std::vector<CgroupPlace>& places);

// most_memory is what a keep may use in all: its workload's memory, the tmpfs of its data, which is
// memory too, and the agent's own.
[[nodiscard]] std::uint64_t most_memory(const Limits& limits);

// KeepCgroup makes one group for a keep in each place and sets the limits there. What a place does
// not allow is left out, and bounds() says what remains; the launcher names a fallback for the
// rest. The groups are removed by the destructor, which kills what is left in them.
class KeepCgroup {
 public:
  KeepCgroup(const std::vector<CgroupPlace>& places, std::string_view name, const Limits& limits);
  KeepCgroup(const KeepCgroup&) = delete;
  KeepCgroup& operator=(const KeepCgroup&) = delete;
  ~KeepCgroup();

  // add moves a process into the groups; what it starts later is in them too. kDenied, kUnavailable
  // and their like where a group does not take it: it would be bound by nothing then.
  [[nodiscard]] Result<void, Failure> add(pid_t pid);

  // bounds is "cgroup v1" or "cgroup v2" where the limit ("memory", "processes", "swap") is set,
  // and "" where it is not.
  [[nodiscard]] std::string bounds(std::string_view limit) const;

 private:
  struct Group {
    std::filesystem::path folder;
    bool unified = false;
    std::vector<std::string> limits;
  };

  static void set_limits(Group& group, const CgroupPlace& place, const Limits& limits);

  std::vector<Group> groups_;
};

}  // namespace ward::keep
