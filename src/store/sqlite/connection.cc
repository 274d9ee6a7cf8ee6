#include "store/sqlite/connection.h"

namespace ward::store::sqlite {

Error fail_from(int code, Literal what) {
  const auto value = static_cast<std::uint64_t>(code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
    case SQLITE_PROTOCOL:
      return {Errc::kUnavailable, what, value};
    case SQLITE_NOTADB:
      return {Errc::kMalformed, "store.sqlite: not a database"};
    case SQLITE_CORRUPT:
    case SQLITE_SCHEMA:
    case SQLITE_ERROR:  // a statement that does not compile: the tables are not ours
      return {Errc::kMalformed, what, value};
    default:
      return {Errc::kInternal, what, value};
  }
}

Result<Statement> Statement::prepare(sqlite3* db, std::string_view sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v3(db, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &raw, nullptr);
  if (code != SQLITE_OK) {
    return fail_from(sqlite3_extended_errcode(db), "store.sqlite: prepare");
  }
  return Statement(raw);
}

Statement& Statement::start() {
  stop();
  next_ = 1;
  bind_result_ = SQLITE_OK;
  return *this;
}

// The bound views are the caller's and outlive the steps, so nothing is copied (SQLITE_STATIC).
Statement& Statement::bind(std::string_view text) {
  const int code = sqlite3_bind_text64(stmt_.get(), next_++, text.data(), text.size(),
                                       SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) bind_result_ = code;
  return *this;
}

Statement& Statement::bind_blob(Bytes bytes) {
  // A null pointer would bind NULL, which means "erased".
  const int code = bytes.empty() ? sqlite3_bind_zeroblob(stmt_.get(), next_++, 0)
                                 : sqlite3_bind_blob64(stmt_.get(), next_++, bytes.data(),
                                                       bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) bind_result_ = code;
  return *this;
}

Statement& Statement::bind(std::int64_t value) {
  if (const int code = sqlite3_bind_int64(stmt_.get(), next_++, value); code != SQLITE_OK) {
    bind_result_ = code;
  }
  return *this;
}

Statement& Statement::bind_null() {
  if (const int code = sqlite3_bind_null(stmt_.get(), next_++); code != SQLITE_OK) {
    bind_result_ = code;
  }
  return *this;
}

Result<bool> Statement::step() {
  if (bind_result_ != SQLITE_OK) return fail_from(bind_result_, "store.sqlite: bind");
  const int code = sqlite3_step(stmt_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  sqlite3* db = sqlite3_db_handle(stmt_.get());
  const int extended = sqlite3_extended_errcode(db);
  sqlite3_reset(stmt_.get());
  return fail_from(extended, "store.sqlite: step");
}

std::int64_t Statement::integer(int column) { return sqlite3_column_int64(stmt_.get(), column); }

std::optional<Bytes> Statement::blob(int column) {
  if (sqlite3_column_type(stmt_.get(), column) == SQLITE_NULL) return std::nullopt;
  const void* data = sqlite3_column_blob(stmt_.get(), column);
  const int size = sqlite3_column_bytes(stmt_.get(), column);
  if (data == nullptr || size <= 0) return Bytes();
  return Bytes(static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size));
}

void Statement::stop() {
  sqlite3_reset(stmt_.get());  // repeats the last step's error, which step() returned
  sqlite3_clear_bindings(stmt_.get());
}

Result<Connection> Connection::open(const Options& options) {
  sqlite3* raw = nullptr;
  const int flags = (options.read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(options.path, &raw, flags, nullptr);
  Connection connection(raw);  // a handle comes with most failures too
  if (code != SQLITE_OK) return fail_from(code, "store.sqlite: open");
  sqlite3_busy_timeout(raw, options.busy_timeout_ms);
  // Rows of a hostile file run no code of its schema (https://sqlite.org/security.html).
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  WARD_CHECK_OK(connection.run("PRAGMA synchronous=FULL; PRAGMA cell_size_check=ON;"));
  return connection;
}

Result<void> Connection::run(const char* sql) {
  const int code = sqlite3_exec(db_.get(), sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) {
    return fail_from(sqlite3_extended_errcode(db_.get()), "store.sqlite: run");
  }
  return {};
}

Result<std::int64_t> Connection::number(std::string_view sql) {
  WARD_TRY(Statement statement, Statement::prepare(db_.get(), sql));
  WARD_TRY(const bool row, statement.start().step());
  if (!row) return Error(Errc::kMalformed, "store.sqlite: no answer");
  return statement.integer(0);
}

}  // namespace ward::store::sqlite
