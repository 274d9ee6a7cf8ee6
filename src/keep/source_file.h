#pragma once

#include <string>

#include <sys/stat.h>

#include "base/result.h"
#include "keep/fd.h"
#include "keep/launcher.h"

// Where measured files and sealed inputs come from. The kernel's own views of itself (proc, sysfs,
// cgroups, devices) are judged by the rights of who opens them in ways that fsuid does not reach,
// and their content is no file's: nothing but regular files on ordinary file systems is read.
namespace ward::keep {

// open_source opens `source` for reading below request.root_fd under the rights of request.reader;
// links never lead out. It never waits, and nothing but a regular file is opened. kDenied for
// anything else, and where the reader may not read it; kUnavailable.
[[nodiscard]] Result<UniqueFd, Failure> open_source(const LaunchRequest& request,
                                                    const std::string& source);

// open_source_folder opens a folder to be listed, under the same rules.
[[nodiscard]] Result<UniqueFd, Failure> open_source_folder(const LaunchRequest& request,
                                                           const std::string& source);

// SourceItem is what lies under a name in a folder; `target` where it is a link.
struct SourceItem {
  mode_t mode = 0;
  std::string target;
};

// look_at says it under the rights of request.reader. kLimit for a target beyond kMaxPathBytes.
[[nodiscard]] Result<SourceItem, Failure> look_at(const LaunchRequest& request, int folder_fd,
                                                  const std::string& name);

// is_ordinary is true for a type of file system (statfs(2)) that holds files of people.
[[nodiscard]] bool is_ordinary(std::uint64_t type);

}  // namespace ward::keep
