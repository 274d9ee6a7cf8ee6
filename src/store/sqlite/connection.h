#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include <sqlite3.h>

#include "base/bytes.h"
#include "base/result.h"

namespace ward::store::sqlite {

// fail_from turns a result code of SQLite into an Error: what may pass by itself (busy, full, I/O,
// permission, memory) is kUnavailable, a damaged or foreign file kMalformed, the rest kInternal.
[[nodiscard]] Error fail_from(int code, Literal what);

// Statement is one prepared statement that is used again and again. Bind in order, then step.
// Not thread safe, like everything of one connection.
class Statement {
 public:
  static Result<Statement> prepare(sqlite3* db, std::string_view sql);

  // start makes the statement ready for its next use.
  Statement& start();
  Statement& bind(std::string_view text);
  Statement& bind_blob(Bytes bytes);
  Statement& bind(std::int64_t value);
  Statement& bind_null();

  // step is true where there is a row, false where the statement is done.
  Result<bool> step();

  // Columns of the current row. The views live until the next step or start.
  [[nodiscard]] std::int64_t integer(int column);
  [[nodiscard]] std::optional<Bytes> blob(int column);

  // stop ends the use: a statement left in the middle keeps its read transaction open.
  void stop();

 private:
  struct Close {
    void operator()(sqlite3_stmt* s) const { sqlite3_finalize(s); }
  };

  explicit Statement(sqlite3_stmt* raw) : stmt_(raw) {}

  std::unique_ptr<sqlite3_stmt, Close> stmt_;
  int next_ = 1;
  int bind_result_ = SQLITE_OK;
};

// Connection is one database handle with the pragmas that ward relies on.
class Connection {
 public:
  struct Options {
    const char* path = "";
    bool read_only = false;
    int busy_timeout_ms = 0;
  };

  static Result<Connection> open(const Options& options);

  Result<void> run(const char* sql);
  Result<std::int64_t> number(std::string_view sql);

  [[nodiscard]] sqlite3* raw() const { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
  };

  explicit Connection(sqlite3* raw) : db_(raw) {}

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace ward::store::sqlite
