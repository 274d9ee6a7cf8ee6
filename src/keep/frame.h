#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "keep/deadline.h"

// Octets over a stream descriptor between launcher and agent: blocking, whole or not at all. Where
// a deadline is given (borrowed; nullptr: none), kUnavailable once it has passed.
namespace ward::keep {

// wait_readable is true once there is something to read, or the stream has ended; false when the
// deadline has passed. Without one it does not wait: the read does.
[[nodiscard]] bool wait_readable(int fd, const Deadline* deadline);

// read_exact fills `out`. kTruncated at end of file inside it, kUnavailable where the read fails.
[[nodiscard]] Result<void> read_exact(int fd, std::span<std::uint8_t> out,
                                      const Deadline* deadline = nullptr);

// read_octet reads one octet; nullopt at end of file.
[[nodiscard]] Result<std::optional<std::uint8_t>> read_octet(int fd);

// write_exact writes all of `bytes`; no SIGPIPE where fd is a socket. kUnavailable.
[[nodiscard]] Result<void> write_exact(int fd, Bytes bytes, const Deadline* deadline = nullptr);

}  // namespace ward::keep
