#include "keep/cgroup.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "keep/failure.h"
#include "keep/fd.h"

namespace ward::keep {
namespace {

// The agent and a thread of its own are beside the workload's processes.
constexpr std::uint32_t kAgentProcesses = 2;
// The agent's own memory: TLS, one segment of a sealed file at a time.
constexpr std::uint64_t kAgentBytes = std::uint64_t{64} << 20U;

constexpr std::string_view kPrefix = "ward-keep-";

// launcher_of is the process that a group's name names (group_name).
std::optional<pid_t> launcher_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  pid_t pid = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (problem != std::errc() || pid <= 0 || end == name.data() + name.size() || *end != '-') {
    return std::nullopt;
  }
  return pid;
}

bool write_value(const std::filesystem::path& file, const std::string& value) {
  const UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  return fd.valid() &&
         ::write(fd.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) {
    out.push_back(part);
  }
  return out;
}

bool has(const std::vector<std::string>& list, std::string_view item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// own_groups maps a v1 controller, or "" for version 2, to the own group's path.
std::map<std::string, std::string> own_groups(const std::filesystem::path& proc_self) {
  std::map<std::string, std::string> out;
  std::ifstream in(proc_self / "cgroup");
  for (std::string line; std::getline(in, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string names = line.substr(first + 1, second - first - 1);
    if (names.empty()) out[""] = line.substr(second + 1);
    for (const std::string& name : split(names, ',')) {
      out[name] = line.substr(second + 1);
    }
  }
  return out;
}

// A line of mountinfo (proc(5)): id parent dev root point options ... - type source super-options.
struct MountLine {
  std::string root, point, type, options;
};

bool read_mount(const std::string& line, MountLine& out) {
  std::istringstream in(line);
  std::string skip;
  if (!(in >> skip >> skip >> skip >> out.root >> out.point)) return false;
  while (in >> skip && skip != "-") {
  }
  return static_cast<bool>(in >> out.type >> skip >> out.options);
}

// below is `group` seen from a mount of `root`; empty where it is not below it.
std::string below(const std::string& root, const std::string& group) {
  if (root == "/") return group;
  return group.starts_with(root) ? group.substr(root.size()) : std::string();
}

}  // namespace

std::vector<CgroupPlace> find_cgroups(const std::filesystem::path& proc_self) {
  const auto own = own_groups(proc_self);
  std::vector<CgroupPlace> out;
  std::ifstream in(proc_self / "mountinfo");
  for (std::string line; std::getline(in, line);) {
    MountLine mount;
    if (!read_mount(line, mount)) continue;
    CgroupPlace place;
    if (mount.type == "cgroup2" && own.contains("")) {
      place.unified = true;
      place.folder = mount.point + below(mount.root, own.at(""));
      std::ifstream handed(place.folder / "cgroup.subtree_control");
      for (std::string name; handed >> name;) {
        place.controllers.push_back(name);
      }
    } else if (mount.type == "cgroup") {
      for (const std::string& name : split(mount.options, ',')) {
        if ((name != "memory" && name != "pids") || !own.contains(name)) continue;
        place.controllers.push_back(name);
        place.folder = mount.point + below(mount.root, own.at(name));
      }
    }
    if (has(place.controllers, "memory") || has(place.controllers, "pids")) {
      out.push_back(std::move(place));
    }
  }
  return out;
}

std::string group_name(pid_t launcher, std::uint32_t number) {
  return std::string(kPrefix) + std::to_string(launcher) + "-" + std::to_string(number);
}

bool remove_orphaned_groups(const std::vector<CgroupPlace>& places) {
  bool done = true;
  for (const CgroupPlace& place : places) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(place.folder, ignored)) {
      const auto launcher = launcher_of(entry.path().filename().string());
      if (!launcher || ::kill(*launcher, 0) == 0 || errno != ESRCH) continue;
      done = ::rmdir(entry.path().c_str()) == 0 && done;
    }
  }
  return done;
}

std::uint64_t most_memory(const Limits& limits) {
  return limits.memory_bytes + limits.disk_bytes + kAgentBytes;
}

KeepCgroup::KeepCgroup(const std::vector<CgroupPlace>& places, std::string_view name,
                       const Limits& limits) {
  for (const CgroupPlace& place : places) {
    Group group{.folder = place.folder / name, .unified = place.unified, .limits = {}};
    std::error_code refused;
    (void)::rmdir(group.folder.c_str());  // of a process of this number that was killed
    if (!std::filesystem::create_directory(group.folder, refused)) continue;
    set_limits(group, place, limits);
    groups_.push_back(std::move(group));
  }
}

void KeepCgroup::set_limits(Group& group, const CgroupPlace& place, const Limits& limits) {
  const std::string memory = std::to_string(most_memory(limits));
  const std::string processes = std::to_string(limits.processes + kAgentProcesses);
  if (has(place.controllers, "pids") && write_value(group.folder / "pids.max", processes)) {
    group.limits.emplace_back("processes");
  }
  if (!has(place.controllers, "memory")) return;
  if (place.unified) {
    if (write_value(group.folder / "memory.max", memory)) group.limits.emplace_back("memory");
    if (write_value(group.folder / "memory.swap.max", "0")) group.limits.emplace_back("swap");
    return;
  }
  if (!write_value(group.folder / "memory.limit_in_bytes", memory)) return;
  group.limits.emplace_back("memory");
  // Memory and swap together no more than memory alone: nothing is swapped out to make room.
  if (write_value(group.folder / "memory.memsw.limit_in_bytes", memory) &&
      write_value(group.folder / "memory.swappiness", "0")) {
    group.limits.emplace_back("swap");
  }
}

KeepCgroup::~KeepCgroup() {
  for (const Group& group : groups_) {
    if (group.unified) (void)write_value(group.folder / "cgroup.kill", "1");
    (void)::rmdir(group.folder.c_str());
  }
}

Result<void, Failure> KeepCgroup::add(pid_t pid) {
  for (const Group& group : groups_) {
    if (!write_value(group.folder / "cgroup.procs", std::to_string(pid))) {
      return system_failure("cgroup " + group.folder.string() + " does not take the keep", errno);
    }
  }
  return {};
}

std::string KeepCgroup::bounds(std::string_view limit) const {
  for (const Group& group : groups_) {
    if (has(group.limits, limit)) return group.unified ? "cgroup v2" : "cgroup v1";
  }
  return {};
}

}  // namespace ward::keep
