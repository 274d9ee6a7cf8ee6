#include "store/sqlite/schema.h"

#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <unistd.h>

#include "store/sqlite/sqlite_store.h"

namespace ward::store::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x77617264;  // "ward", in the database's header

constexpr const char* kCreate =
    "PRAGMA application_id=0x77617264; PRAGMA user_version=1;"
    "CREATE TABLE rows (tbl TEXT NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL, value BLOB,"
    "  PRIMARY KEY (tbl, key)) STRICT;"
    "CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value INTEGER NOT NULL) STRICT;"
    "INSERT INTO meta VALUES ('revision', 0);";

}  // namespace

Result<void> create_private_file(const std::string& path) {
  const int fd = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) {
    return Error(Errc::kUnavailable, "store.sqlite: create", static_cast<std::uint64_t>(errno));
  }
  ::close(fd);
  return {};
}

Result<void> check_schema(Connection& c) {
  WARD_TRY(const std::int64_t id, c.number("PRAGMA application_id"));
  if (id != kApplicationId) return Error(Errc::kMalformed, "store.sqlite: not a ward database");
  WARD_TRY(const std::int64_t schema, c.number("PRAGMA user_version"));
  if (schema < 1 || schema > kSqliteSchema) {
    return Error(Errc::kUnsupported, "store.sqlite: schema version",
                 static_cast<std::uint64_t>(schema));
  }
  return {};
}

Result<void> prepare_schema(Connection& c) {
  WARD_CHECK_OK(c.run("PRAGMA journal_mode=WAL"));
  WARD_CHECK_OK(c.run("BEGIN IMMEDIATE"));  // what fails closes the connection, and rolls back
  WARD_TRY(const std::int64_t tables, c.number("SELECT count(*) FROM sqlite_master"));
  WARD_CHECK_OK(tables == 0 ? c.run(kCreate) : check_schema(c));
  return c.run("COMMIT");
}

}  // namespace ward::store::sqlite
