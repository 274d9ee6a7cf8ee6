#pragma once

#include <string>

#include "base/result.h"
#include "store/sqlite/connection.h"

// The layout of a database of ours.
namespace ward::store::sqlite {

// create_private_file makes a file that its owner alone may read, where there is none; SQLite gives
// its -wal and -shm files the permissions of the database. kUnavailable.
[[nodiscard]] Result<void> create_private_file(const std::string& path);

// check_schema is kMalformed for a database that is not ours, and kUnsupported for a layout that
// this program does not know.
[[nodiscard]] Result<void> check_schema(Connection& connection);

// prepare_schema makes the layout of a new database, and checks that of another. Two processes may
// open a new file at once: it is made under the write lock.
[[nodiscard]] Result<void> prepare_schema(Connection& connection);

}  // namespace ward::store::sqlite
