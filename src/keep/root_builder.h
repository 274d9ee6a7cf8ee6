#pragma once

#include <string>
#include <vector>

#include "keep/launcher.h"
#include "keep/measure.h"

namespace ward::keep {

// A file of the launcher's own making in the root, below /ward; not part of the manifest.
struct OwnFile {
  std::string path;
  Bytes content;
};

// still_wanted: kUnavailable once request.given_up says so.
[[nodiscard]] Result<void, Failure> still_wanted(const LaunchRequest& request);

// build_root copies every file that the manifest names into the folder `mount_fd` and hashes the
// octets that it writes, so that what is measured is what will run. With `mount_fd` -1 it only
// measures. Sources are opened below request.root_fd; a link that leads out of it, a device, a
// content other than the manifest's sha256, and sizes beyond the bounds of manifest.h are refused.
[[nodiscard]] Result<MeasuredRoot, Failure> build_root(const LaunchRequest& request, int mount_fd);

// install_agent copies request.agent to /ward/keep and returns the canonical CBOR of the runtime.
[[nodiscard]] Result<Buffer, Failure> install_agent(const LaunchRequest& request, int mount_fd);

// finish_root makes the mount points and the launcher's own files.
[[nodiscard]] Result<void, Failure> finish_root(int mount_fd, const std::vector<OwnFile>& own);

}  // namespace ward::keep
