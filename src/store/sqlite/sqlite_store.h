#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "store/store.h"

namespace ward::store {

// The layout version that this code writes and reads, kept in the database.
inline constexpr std::int64_t kSqliteSchema = 1;

// SqliteOptions says which file is opened, and how.
struct SqliteOptions {
  std::string path;
  bool create = true;          // false: a missing file is kUnavailable
  bool read_only = false;      // audit tools; transact is kDenied
  int busy_timeout_ms = 5000;  // how long to wait for another process's transaction
};

// open_sqlite_store opens a database in WAL mode with synchronous=FULL: a commit is on the disk
// before transact returns. The file is made readable by its owner only. kUnavailable: absent,
// locked, full, no permission; kMalformed: not a ward database, or damaged; kUnsupported: its
// schema is newer than this program.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

}  // namespace ward::store
