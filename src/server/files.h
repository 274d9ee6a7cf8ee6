#pragma once

#include <cstddef>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/secret.h"

// Files of the programs: configuration, keys, answers. Whole or not at all.
namespace ward::server {

// read_file reads a regular file of at most `max` octets. kUnavailable: absent or unreadable
// (file_error); kLimit.
[[nodiscard]] Result<Buffer> read_file(const std::string& path, std::size_t max);

// read_secret_file does the same for a file that only its owner may read. kDenied where group or
// others may.
[[nodiscard]] Result<SecretBytes> read_secret_file(const std::string& path, std::size_t max);

// write_new_file writes a file with mode 0600 that did not exist, through to the disk with its
// name. kStale where there is one; kUnavailable: no room, no permission. No file is left after an
// error.
[[nodiscard]] Result<void> write_new_file(const std::string& path, Bytes octets);

// replace_file writes a temporary file beside `path`, then renames it, so that a reader sees the
// old content or the new one, after a power failure too. Mode 0600. Errors as write_new_file.
[[nodiscard]] Result<void> replace_file(const std::string& path, Bytes octets);

// sync_folder_of brings the names in the folder that `path` is in to the disk. kUnavailable.
[[nodiscard]] Result<void> sync_folder_of(const std::string& path);

// write_all writes to a descriptor. kUnavailable.
[[nodiscard]] Result<void> write_all(int fd, Bytes octets);

}  // namespace ward::server
